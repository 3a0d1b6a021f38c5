"""Pairs of image and mask into TFRecord shards: all of a conversion or nothing of it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from deeplab_tf.checks import listing, whole
from deeplab_tf.datasets.records.dataset import INDEX_NAME, DataSet, Split, open_dataset
from deeplab_tf.datasets.records.pairs import Pair, mark_repeated
from deeplab_tf.datasets.records.parallel import worker_count
from deeplab_tf.datasets.records.publication import NEW, finish_publication
from deeplab_tf.datasets.records.shards import publish, shard_files, write_shards
from deeplab_tf.datasets.registry import count_notes
from deeplab_tf.files import working_folder
from deeplab_tf.files.disk import DiskFull, writing
from deeplab_tf.files.locks import locked, locked_folder
from deeplab_tf.files.reading import shown
from deeplab_tf.images.scaling import limit_of
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted

_CLASSES_NAMED = 40


@dataclasses.dataclass(frozen=True)
class ConversionReport:
    """What a conversion wrote.

    Args:
        path: The data set's folder, which `open_dataset` takes.
        labels: What the label ids mean.
        images: Number of images written, by split.
        skipped: The pairs left out: the pair's name and what is wrong with it.
        notes: What is worth knowing and no error, such as another number of images than the published one.

    Example:
        >>> print(convert_folder("images", "masks", "tfrecords"))
        tfrecords: train 900 images; 3 classes (class_0, class_1, class_2)
    """

    path: Path
    labels: LabelSpec
    images: dict[str, int]
    skipped: list[tuple[str, str]]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        splits = ", ".join(f"{split} {counted(count, 'image')}" for split, count in self.images.items())
        names = listing(self.labels.names, _CLASSES_NAMED)
        lines = [f"{self.path}: {splits}; {self.labels.classes} classes ({names})"]
        lines += [f"Note: {note}" for note in self.notes]
        if self.skipped:
            lines.append(f"Skipped {len(self.skipped)}:")
            lines += [f"  {reason}" for _, reason in self.skipped]
        # Pairs' names that are not UTF-8 could not be printed.
        return shown("\n".join(lines))


def convert_pairs(
    pairs: Mapping[str, Sequence[Pair]],
    labels: LabelSpec,
    output: str | os.PathLike,
    *,
    shards: int | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    max_side: int | Sequence[int] | None = None,
    source: str | None = None,
) -> ConversionReport:
    """Verifies pairs of image and mask and writes them as the splits of a data set.

    The shards come under their names, and the splits into `dataset.json`, only when everything is written; a
    run that fails or is killed changes nothing that was there. One that is killed while it moves the finished shards
    into place is finished by the next conversion, or by `open_dataset`. Other splits may be converted into the same
    folder at the same time; the same split may not.

    Args:
        pairs: The pairs of every split, in the order to store them.
        labels: What the label ids mean.
        output: The data set's folder; splits that it has already stay.
        shards: Files per split; one for every 256 images when left out.
        workers: Threads that read and verify; one per core when left out.
        skip_bad: Leave bad pairs out and list them in the report, instead of failing.
        overwrite: Replace splits that are there already.
        max_side: Larger images are scaled down to this side in pixels, or to fit this (height, width): images
            antialiased, masks by the nearest pixel. None keeps all as they are.
        source: The data set's name in `registry.DATA_SETS`: the report notes where the number of images is another
            than the published one.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If a pair is bad, there is none, a split exists or is being converted by another process, the
            folder's labels differ, or the folder cannot be written.
        DiskFull: If there is no room.

    Example:
        >>> pairs = [Pair("street", Path("street.jpg"), Path("street.png"))]
        >>> convert_pairs({"train": pairs}, LabelSpec(("ground", "car")), "mine").images
        {'train': 1}
    """
    limit = limit_of(max_side)
    workers = worker_count(workers)
    shards = None if shards is None else whole("shards", shards, remedy="Leave it out for one for every 256 images.")
    _check_splits(pairs)
    output = Path(output)
    _kept_splits(output, labels, pairs, overwrite)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(writing(output))
            for split in sorted(pairs):
                stack.enter_context(locked(output / split, "a conversion"))
            staging = stack.enter_context(working_folder(output / "shards"))
            (staging / NEW).mkdir()
            splits, bad = {}, []
            for split, members in pairs.items():
                splits[split], wrong = write_shards(
                    staging / NEW, split, mark_repeated(members), labels, shards, workers, limit
                )
                bad += wrong
            _check_outcome(pairs, splits, bad, skip_bad)
            stack.enter_context(locked_folder(output, "a conversion", wait=True))
            # Another conversion may have brought its splits meanwhile.
            kept = _kept_splits(output, labels, pairs, overwrite)
            publish(staging, DataSet(output, labels, kept), splits)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(f"Interrupted; nothing was written to {output}.") from error
    except DiskFull:
        raise
    except (tf.errors.OpError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.message
        raise ValueError(f"{output} could not be written ({reason}). Choose a folder that you may write to.") from error
    images = {name: split.images for name, split in splits.items()}
    return ConversionReport(output, labels, images, bad, count_notes(source, images) if source else ())


def split_names(split: str | Sequence[str]) -> list[str]:
    """The splits that a converter is asked for, each once.

    Example:
        >>> split_names("val"), split_names(["train", "val", "val"])
        (['val'], ['train', 'val'])
    """
    return [split] if isinstance(split, str) else list(dict.fromkeys(split))


def merge_splits(found: Mapping[str, tuple[list[Pair], LabelSpec]]) -> tuple[dict[str, list[Pair]], LabelSpec]:
    """The pairs by split, and the labels that all splits must have in common.

    Raises:
        ValueError: If their labels differ.
    """
    first, labels = next((name, labels) for name, (_, labels) in found.items())
    for name, (_, others) in found.items():
        if others != labels:
            raise ValueError(
                f"The splits {first!r} and {name!r} list other classes, {labels.classes} against {others.classes}. "
                "Take their lists of classes from one release."
            )
    return {name: pairs for name, (pairs, _) in found.items()}, labels


def _check_splits(pairs: Mapping[str, Sequence[Pair]]) -> None:
    for split, members in pairs.items():
        if not re.fullmatch(r"\w[\w.-]*", split):
            raise ValueError(
                f"A split's name starts file names; received {split!r}. Use letters, digits, '_', '.' and '-'."
            )
        if not members:
            raise ValueError(f"Split {split!r} has no images to convert. Check the folder, list or share given.")


def _kept_splits(
    output: Path, labels: LabelSpec, pairs: Mapping[str, Sequence[Pair]], overwrite: bool
) -> dict[str, Split]:
    """The splits in `output` that stay; refuses to replace any, or to mix labels, unasked."""
    finish_publication(output)
    present = dict(open_dataset(output).splits) if (output / INDEX_NAME).is_file() else {}
    for split in pairs:
        files = [path.name for path in shard_files(output, split)]
        if not overwrite and (split in present or files):
            unlisted = f", which no {INDEX_NAME} lists, as a killed run leaves them" if split not in present else ""
            raise ValueError(
                f"{output} has a split {split!r} already{f' ({files[0]}, ...{unlisted})' if files else ''}. "
                "Choose another folder, or replace it with --overwrite (overwrite=True)."
            )
    kept = {name: split for name, split in present.items() if name not in pairs}
    if kept and (there := open_dataset(output).labels) != labels:
        raise ValueError(
            f"{output} has {sorted(kept)} with other labels: {there.classes} classes of {there.name!r}, ignoring "
            f"{there.ignore_label}, against {labels.classes} of {labels.name!r}, ignoring {labels.ignore_label}. "
            "Choose another folder or give the same labels."
        )
    return kept


def _check_outcome(
    pairs: Mapping[str, Sequence[Pair]],
    splits: Mapping[str, Split],
    bad: Sequence[tuple[str, str]],
    skip_bad: bool,
) -> None:
    if not bad:
        return
    total = sum(len(members) for members in pairs.values())
    found = listing([reason.rstrip(".") for _, reason in bad], separator=" | ")
    if not skip_bad:
        raise ValueError(
            f"{len(bad)} of {total} pairs are bad: {found}. Fix them, or leave them out with "
            "--skip-bad (skip_bad=True)."
        )
    for split, outcome in splits.items():
        if not outcome.images:
            raise ValueError(f"All pairs of split {split!r} are bad, nothing is left to convert: {found}.")
