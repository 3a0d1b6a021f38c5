"""Image and mask files as they lie, read by the pipeline whenever they are needed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import listing
from deeplab_tf.datasets.audit.faults import wrong_values
from deeplab_tf.datasets.pipeline.sources import ENCODED_BUFFER, Source, interleaved, of_one_size
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.datasets.records.pairs import Pair, check_pair, mask_values, upright_size
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count
from deeplab_tf.datasets.records.shards import first_images
from deeplab_tf.datasets.records.stored_images import read_stored
from deeplab_tf.files.reading import shown
from deeplab_tf.images import read_mask
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

_LEFT_OUT = "`deeplab-tf convert --skip-bad` leaves such pairs out."


@dataclasses.dataclass(frozen=True)
class ImageFiles(ImageData):
    """Pairs of image and mask files by split; `open_data` makes it.

    They come in the order of the TFRecords that a conversion makes of them, and with the same pixels, so that training
    on either is the same to the bit.

    Args:
        path: Where they lie, for messages.
        labels: What the label ids mean.
        pairs: The pairs of every split.
        origin: Of a split that was drawn from another, how; JSON-ready, by the split's name.

    Raises:
        ValueError: If a file is missing; the message names it.

    Example:
        >>> with open_data("images", masks="masks", val_share=0.2) as data:
        ...     batches = training_batches(data, batch_size=8)
    """

    path: Path
    labels: LabelSpec
    pairs: Mapping[str, Sequence[Pair]]
    origin: Mapping[str, dict] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        files = [path for members in self.pairs.values() for pair in members for path in (pair.image, pair.mask)]
        if missing := [shown(path) for path in files if not path.is_file()]:
            raise ValueError(
                f"{shown(self.path)}: of {len(files) // 2} images and their masks {len(missing)} files are missing: "
                f"{listing(missing)}. Add them or take their counterparts out; `deeplab-tf convert --skip-bad` leaves "
                "such pairs out."
            )

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.pairs)

    def count(self, split: str) -> int:
        self._check_split(split)
        return len(self.pairs[split])

    def sizes(self, split: str, most: int) -> Iterator[tuple[int, int]]:
        # Of each of the shards that a conversion would write the first ones, as of those.
        firsts = first_images(self.count(split))
        starts = firsts[:-1][:: math.ceil((len(firsts) - 1) / most)]
        each = math.ceil(most / len(starts))
        ends = dict(itertools.pairwise(firsts))
        for first in starts:
            for pair in self.pairs[split][first : min(first + each, ends[first])]:
                yield upright_size(pair.image)

    def source(self, split: str, labelled: bool = True) -> Source:
        pairs, labels = list(self.pairs[split]) if self.count(split) else [], self.labels
        if not pairs:
            raise ValueError(f"{shown(self.path)} has no images in split {split!r}. Give others.")
        names = tf.constant([shown(pair.name) for pair in pairs])
        files = tf.constant([shown(pair.holder or pair.image) for pair in pairs])
        firsts = first_images(len(pairs))

        def numbers(first: tf.Tensor, end: tf.Tensor) -> tf.data.Dataset:
            return tf.data.Dataset.range(first, end).map(lambda number: (number, number))

        def epoch(key: tf.Tensor) -> tf.data.Dataset:
            return interleaved(numbers, (tf.constant(firsts[:-1], tf.int64), tf.constant(firsts[1:], tf.int64)), key)

        def decode(number: tf.Tensor) -> dict[str, tf.Tensor]:
            image = _called(lambda index: read_stored(pairs[index].image).pixels, number, tf.uint8, (None, None, 3))
            label = _called(lambda index: _read_ids(pairs[index], labels), number, labels.mask_dtype, (None, None))
            image, label = of_one_size(image, label)
            return {"image": image, "label": label, "filename": names[number]}

        return Source(
            f"split {split!r} of {shown(self.path)}", labels, len(pairs), lambda: numbers(0, len(pairs)), epoch,
            decode, ENCODED_BUFFER, True, lambda number: names[number], lambda number: files[number],
        )  # fmt: skip

    def explain(self, split: str, error: Exception) -> Exception:
        pairs = self.pairs[split]
        faults = ordered_map(lambda pair: check_pair(pair, self.labels).faults, pairs, worker_count(None))
        for found in track(faults, len(pairs), f"look for damage in {split}"):
            if found:
                return ValueError(f"{found[0]} {_LEFT_OUT}")
        return error

    def record(self, split: str) -> dict:
        pairs = self.pairs[split]
        digest = hashlib.sha256()
        for pair in pairs:
            sizes = [path.stat().st_size for path in (pair.image, pair.mask)]
            digest.update(repr((pair.name, *sizes)).encode("utf-8", "backslashreplace"))
        masks = {pair.mask.parent for pair in pairs}
        return {
            "kind": "image and mask files",
            "path": shown(self.path),
            **({"masks": shown(masks.pop())} if len(masks) == 1 else {}),
            "images": len(pairs),
            # Of names and sizes of the files.
            "files": digest.hexdigest(),
            **self.origin.get(split, {}),
        }


def _called(read: Callable[[int], np.ndarray], number: tf.Tensor, dtype, shape: tuple) -> tf.Tensor:
    # Not stateful, so that counting classes reads no images.
    found = tf.numpy_function(lambda index: read(int(index)), [number], tf.as_dtype(dtype), stateful=False)
    return tf.ensure_shape(found, shape)


def _read_ids(pair: Pair, labels: LabelSpec) -> np.ndarray:
    read = pair.read or functools.partial(read_mask, dtype=labels.mask_dtype)
    mask = read(pair.mask)
    if fault := wrong_values(mask, mask_values(mask), labels, pair.mask):
        raise fault
    return mask.astype(labels.mask_dtype, copy=False)
