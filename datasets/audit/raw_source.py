"""Recognising a folder of image and mask files that is not converted yet, and listing its pairs."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deeplab_tf.checks import listing
from deeplab_tf.datasets.audit.annotated import RawSource, annotated_source
from deeplab_tf.datasets.audit.findings import Finding
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.folder_files import folder_pairs
from deeplab_tf.datasets.builders.folder_masks import MaskReader, SparseIds, counted_labels
from deeplab_tf.datasets.records.dataset import INDEX_NAME
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.datasets.records.publication import finish_publication
from deeplab_tf.datasets.registry import DATA_SETS
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import LabelSpec, label_spec

_log = logging.getLogger(__name__)
_NAMES_FILE = "class_names.txt"
_SPLITS = ("train", "val")


def has_records(path: Path) -> bool:
    """Whether the folder is one of TFRecords."""
    finish_publication(path)
    return (path / INDEX_NAME).is_file() or any(path.glob("*-?????-of-?????*"))


def find_source(
    path: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | Mapping | str | int | None,
    masks: str | os.PathLike | None,
    mask_suffix: str | None = None,
    ids: Sequence[int] = (),
    *,
    stack: contextlib.ExitStack,
    otherwise: LabelSpec | None = None,
    strict: bool = False,
) -> RawSource | None:
    """What `path` holds, where it is not a folder of TFRecords.

    Args:
        path: The folder, or a COCO JSON file.
        splits: As for `inspect_dataset`.
        labels: As for `inspect_dataset`.
        masks: As for `inspect_dataset`.
        mask_suffix: As for `inspect_dataset`.
        ids: As for `inspect_dataset`.
        stack: Keeps images that were taken out of other files until it is closed.
        otherwise: The labels of a folder that does not say its own, where `labels` do not either. When left out they
            are counted from the masks.
        strict: Raise what stops the counting, which is otherwise left to the audit to say.

    Returns:
        The pairs, or None for a folder of TFRecords.

    Raises:
        ValueError: If it is neither, or a list or folder is missing.
    """
    named = _own_labels(path, labels, otherwise)
    if masks is not None:
        return _folder_source(path, Path(masks), splits, named, mask_suffix, ids, strict)
    annotations = labels if otherwise is None else named
    if path.suffix == ".json" and path.is_file():
        return annotated_source(path, splits, annotations, stack, strict)
    if not path.is_dir():
        raise ValueError(
            f"{path} is not a folder. Give one that `deeplab-tf convert` wrote, or one of images and masks before it."
        )
    if has_records(path):
        return None
    if (path / "images").is_dir() and (path / "masks").is_dir():
        folders = path / "images", path / "masks"
        return _folder_source(*folders, splits, named, mask_suffix, ids, strict)
    # The first whose folders are there is taken.
    layouts = {name: source for name, source in DATA_SETS.items() if source.labels is not None}
    for source in layouts.values():
        list_pairs = source.listing()
        if present := _present_splits(list_pairs, path):
            pairs = {split: list_pairs(path, split) for split in splits} if splits is not None else present
            spec = source.label_spec() if labels is None else label_spec(labels)
            return RawSource(spec, pairs, source.findings_of_lists(path, pairs))
    if (annotated := annotated_source(path, splits, annotations, stack, strict)) is not None:
        return annotated
    if _holds_both(path, mask_suffix):
        return _folder_source(path, path, splits, named, mask_suffix, ids, strict)
    raise ValueError(
        f"{path} holds neither TFRecords, nor the folders images and masks, nor the folders of one of "
        f"{', '.join(layouts)}, "
        "nor JSON files of labelme or of a COCO export. "
        "Give one of these, a folder of images with that of its masks (--masks), or what `deeplab-tf convert` made of "
        "another data set."
    )


def _holds_both(path: Path, mask_suffix: str | None) -> bool:
    """Whether images and masks lie side by side in the folder.

    Raises:
        ValueError: If they do not by a suffix that was given.
    """
    try:
        return bool(folder_pairs(path, mask_suffix=mask_suffix))
    except ValueError:
        if mask_suffix is not None:
            raise
        return False


def warn_of_unused(path: Path, source: RawSource | None, mask_suffix: str | None, ids: Sequence[int]) -> None:
    """Logs which settings of a folder of images and masks were given for data of another kind, None for TFRecords."""
    given = {"mask_suffix": mask_suffix, "ids": list(ids)}
    named = [f"{name}={value!r}" for name, value in given.items() if value]
    pairs = itertools.chain.from_iterable(source.pairs.values()) if source is not None else ()
    if named and not any(isinstance(pair.read, MaskReader) for pair in pairs):
        _log.warning(
            "%s: only for a folder of images and masks, which %s is not, so without effect. Leave that out.",
            listing(named), shown(path),
        )  # fmt: skip


def _present_splits(list_pairs: Callable[[Path, str], list[Pair]], path: Path) -> dict[str, list[Pair]]:
    """The pairs of train and val, as far as the folder has such of this layout; of trainval if it has only that."""
    found = {}
    for split in (*_SPLITS, "trainval"):
        try:
            if split in _SPLITS or not found:
                found[split] = list_pairs(path, split)
        except ValueError:
            continue
    return found


def _own_labels(path: Path, labels, otherwise: LabelSpec | None) -> LabelSpec | None:
    """The labels that were given, or stand in the folder's list of names, or serve otherwise."""
    if labels is not None:
        return label_spec(labels)
    names = path / _NAMES_FILE
    return read_class_names(names) if names.is_file() else otherwise


def _folder_source(
    images: Path,
    masks: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | None,
    mask_suffix: str | None,
    ids: Sequence[int],
    strict: bool,
) -> RawSource:
    if splits is not None and len(splits) > 1:
        raise ValueError(f"A folder of images is one split; received {list(splits)}. Name one, or leave it out.")
    pairs = folder_pairs(images, masks, mask_suffix)
    findings, spec = (), labels
    if labels is None:
        try:
            spec, _ = counted_labels(pairs, 255, os.cpu_count() or 1, ids)
        except SparseIds as error:
            findings, ids = (Finding("sparse_ids", f"{masks}: {error}", values=error.ids),), error.ids
            spec, _ = counted_labels(pairs, 255, 1, ids)
        except ValueError:
            if strict:
                raise
            # Masks of fewer than two ids: what is wrong with them is for the audit to say.
            spec = label_spec(2)
    reader = MaskReader(spec, tuple(ids))
    pairs = [dataclasses.replace(pair, read=reader) for pair in pairs]
    return RawSource(spec, {splits[0] if splits else "train": pairs}, findings, one_split=True)
