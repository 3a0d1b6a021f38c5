"""Shard files: written from pairs by parallel workers into a staging folder, then published."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from deeplab_tf.datasets.records.dataset import INDEX_NAME, DataSet, Split, write_index
from deeplab_tf.datasets.records.pairs import Pair, load_pair
from deeplab_tf.datasets.records.parallel import ordered_map
from deeplab_tf.datasets.records.publication import NEW, publish_files
from deeplab_tf.datasets.records.record import Record, serialize, shard_name
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

IMAGES_A_SHARD = 256


def shard_files(folder: Path, split: str) -> list[Path]:
    """The files in `folder` that are named like shards of `split`, however many shards they speak of."""
    pattern = re.compile(re.escape(split) + r"-\d{5}-of-\d{5}(\.tfrecord)?")
    return sorted(path for path in folder.glob("*") if pattern.fullmatch(path.name))


def first_images(images: int, shards: int | None = None) -> list[int]:
    """The number of the first image of every shard, and that of all images behind them.

    Args:
        images: How many there are, > 0.
        shards: Number of files; one for every 256 images when None, and at most one an image.

    Example:
        >>> first_images(600)
        [0, 200, 400, 600]
    """
    shards = min(shards or math.ceil(images / IMAGES_A_SHARD), images)
    return [shard * images // shards for shard in range(shards + 1)]


def write_shards(
    folder: Path,
    split: str,
    pairs: Sequence[Pair],
    labels: LabelSpec,
    shards: int | None,
    workers: int,
    limit: tuple[int, int] | None = None,
) -> tuple[Split, list[tuple[str, str]]]:
    """Verifies pairs and writes the good ones as the shards of one split, in order.

    Args:
        folder: Where to write.
        split: The split's name.
        pairs: What to write.
        labels: Which label ids are allowed.
        shards: Number of files; one for every 256 pairs when None, and at most one a pair.
        workers: Threads that read and verify.
        limit: (height, width) to which larger images are scaled down.

    Returns:
        What was written, and the bad pairs: the name and what is wrong, each.

    Raises:
        tf.errors.OpError: If a file cannot be written.
    """
    firsts = first_images(len(pairs), shards)
    shards = len(firsts) - 1
    written, bad = 0, []
    with contextlib.closing(
        ordered_map(functools.partial(_attempt, labels=labels, limit=limit), pairs, workers)
    ) as results:
        tracked = zip(pairs, track(results, len(pairs), f"convert {split}"))
        for shard in range(shards):
            members = firsts[shard + 1] - firsts[shard]
            with tf.io.TFRecordWriter(os.fsencode(folder / shard_name(split, shard, shards))) as writer:
                for pair, result in itertools.islice(tracked, members):
                    if isinstance(result, ValueError):
                        bad.append((pair.name, str(result)))
                    else:
                        writer.write(serialize(result))
                        written += 1
    return Split(written, shards), bad


def publish(staging: Path, kept: DataSet, splits: Mapping[str, Split]) -> None:
    """Moves staged shards into the data set's folder and lists their splits in `dataset.json`, or changes nothing.

    Args:
        staging: A folder on the same disk; the shards are in its folder `new`, with nothing else.
        kept: The data set as far as it stays.
        splits: The staged splits; what the folder has under their names is replaced.

    Raises:
        OSError: If the disk fills or the folder cannot be written; everything is then as it was before.
    """
    write_index(dataclasses.replace(kept, splits={**kept.splits, **splits}), staging / NEW / INDEX_NAME)
    shards = sorted(path.name for path in (staging / NEW).iterdir() if path.name != INDEX_NAME)
    replaced = [path.name for split in splits for path in shard_files(kept.path, split)]
    # The index goes first and comes last: one that is there lists what is there.
    index = [INDEX_NAME] if (kept.path / INDEX_NAME).is_file() else []
    publish_files(staging, kept.path, [*index, *replaced], [*shards, INDEX_NAME])


def _attempt(pair: Pair, labels: LabelSpec, limit: tuple[int, int] | None) -> Record | ValueError:
    try:
        return load_pair(pair, labels, limit)
    except ValueError as error:
        return error
