"""Folders of an annotation tool under audit: labelme's JSON files, and exports as COCO JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from deeplab_tf.datasets.audit.findings import Finding
from deeplab_tf.datasets.builders.coco_export import exported_pairs
from deeplab_tf.datasets.builders.coco_listing import annotation_files, list_coco_export
from deeplab_tf.datasets.builders.labelme_folder import (
    LabelmeFolder,
    collected_labels,
    labelled_pairs,
    list_labelme,
    with_background,
)
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.locks import cannot_write
from deeplab_tf.files.scratch import scratch_folder
from deeplab_tf.images import IMAGE_SUFFIXES
from deeplab_tf.labels import LabelSpec, label_spec

# Of so many JSON files one must be labelme's, readable or not.
_LOOKED_AT = 50


@dataclasses.dataclass(frozen=True)
class RawSource:
    """A data set before conversion: its labels, its pairs by split, and what its lists show already.

    Args:
        labels: What the label ids mean.
        pairs: The pairs of every split.
        findings: What is known before the pairs are read.
        one_split: Whether the data know of no splits, so that the name of theirs is anyone's choice.
    """

    labels: LabelSpec
    pairs: dict[str, list[Pair]]
    findings: tuple[Finding, ...] = ()
    one_split: bool = False


def annotated_source(
    path: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | Mapping | str | int | None,
    stack: contextlib.ExitStack,
    strict: bool = False,
) -> RawSource | None:
    """What an annotation tool left at `path`; None where it is nothing of that kind.

    Args:
        path: A folder, or a COCO JSON file.
        splits: As for `inspect_dataset`.
        labels: As for `inspect_dataset`.
        stack: Keeps images that were taken out of JSON files until it is closed.
        strict: As for `find_source`.

    Raises:
        ValueError: If a file cannot be read, a split is none of the export, or labels lack a category.
    """
    if path.is_dir() and _has_labelme(path):
        return _labelme_source(path, splits, labels, stack, strict)
    try:
        annotation_files(path)
    except ValueError:
        return None
    found = list_coco_export(path)
    spec = found.labels if labels is None else _with_background(label_spec(labels))
    pairs = exported_pairs(found, spec)
    if splits is not None:
        if unknown := sorted(set(splits) - pairs.keys()):
            raise ValueError(f"{path} has no split {unknown[0]!r}; it has {sorted(pairs)}. Name one of them.")
        pairs = {split: pairs[split] for split in splits}
    return RawSource(spec, pairs, tuple(_notes(found.notes)))


def _has_labelme(folder: Path) -> bool:
    """Whether there is a labelme file; one that cannot be read, for the audit to say so, is one too."""
    names = (path for path in folder.rglob("*.json") if path.is_file() and not path.name.startswith("."))
    return any(map(_has_shapes, itertools.islice(names, _LOOKED_AT)))


def _has_shapes(path: Path) -> bool:
    try:
        return b'"shapes"' in path.read_bytes()
    except OSError:
        return False


def _labelme_source(
    folder: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | Mapping | str | int | None,
    stack: contextlib.ExitStack,
    strict: bool,
) -> RawSource:
    if splits is not None and len(splits) > 1:
        raise ValueError(f"A folder of labelme is one split; received {list(splits)}. Name one, or leave it out.")
    scratch = stack.enter_context(scratch_folder())
    try:
        found = list_labelme(folder, scratch)
    except OSError as error:
        raise cannot_write(scratch, error) from error
    if labels is not None:
        spec = _with_background(label_spec(labels))
    else:
        try:
            spec = collected_labels(found)
        except ValueError:
            if strict:
                raise
            # Files that cannot be read, or have no shapes: what is wrong with them is for the audit to say.
            spec = label_spec(2)
    pairs = {splits[0] if splits else "train": labelled_pairs(found, spec)}
    return RawSource(spec, pairs, (*_notes(found.notes), *_unlabelled(found)), one_split=True)


def _with_background(spec: LabelSpec) -> LabelSpec:
    """Labels of a user's own list, which need not name the background."""
    return with_background(spec.names) if spec.name == "custom" else spec


def _notes(notes: Sequence[str]) -> list[Finding]:
    return [Finding("labels", note) for note in notes]


def _unlabelled(found: LabelmeFolder) -> list[Finding]:
    """Images that no file of the folder names."""
    named = {pair.image.resolve() for pair in found.pairs}
    return [
        Finding("unlabelled", f"{path} has no labels: no file names it. Label it or take it out.", file=str(path))
        for path in sorted(found.path.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.resolve() not in named
    ]
