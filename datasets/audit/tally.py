"""What an audit adds up while the images pass by, and what only the whole data set shows."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import numpy as np

from deeplab_tf.datasets.audit.findings import Finding
from deeplab_tf.datasets.audit.sample import Sample
from deeplab_tf.datasets.pipeline.class_weights import class_weights
from deeplab_tf.datasets.pipeline.image_sizes import advice_on_size, median_size
from deeplab_tf.labels import LabelSpec

# What training takes when it is not told, and the longest side up to which larger crops are feasible.
CROP = (257, 257)
LARGE_SIDE = 2000


class Tally:
    """Counts over the images of a data set. An image takes some 300 bytes here, whatever its size.

    Args:
        labels: The classes.
    """

    def __init__(self, labels: LabelSpec):
        self.labels = labels
        self.images = collections.Counter()
        self.sizes = collections.Counter()
        self.pixels: dict[str, np.ndarray] = {}
        self.class_images = np.zeros(self.labels.mask_values, np.int64)
        self.image_pixels = np.zeros(self.labels.mask_values, np.int64)
        self.occurs = np.zeros(self.labels.mask_values, bool)
        self.findings: list[Finding] = []
        self._first: dict[bytes, tuple[str, str]] = {}

    def add(self, sample: Sample) -> list[Finding]:
        """Adds an image.

        Returns:
            What is wrong with it, now that those before it are known.
        """
        findings = [*sample.findings, *self._duplicates(sample)]
        self.findings += findings
        self.images[sample.split] += 1
        if sample.image is not None:
            self.sizes[sample.image.shape[:2]] += 1
        if sample.counts is not None:
            self.occurs |= sample.counts > 0
        if sample.counts is not None and sample.counted:
            seen = sample.counts > 0
            self.pixels[sample.split] = self.pixels.get(sample.split, 0) + sample.counts
            self.class_images += seen
            self.image_pixels += seen * sample.counts.sum()
        return findings

    def of_whole_set(self) -> list[Finding]:
        """What only all images together show."""
        return [*self._large(), *self._shifted(), *self._absent()]

    def by_class(self, counts: np.ndarray) -> tuple[int, ...]:
        """The entries of the classes among those of all values."""
        # In ADE20K the ignore label is the id of the first class: it is counted once, as ignored.
        classes = self.labels.classes
        return tuple(np.where(np.arange(classes) != self.labels.ignore_label, counts[:classes], 0).tolist())

    @property
    def all_pixels(self) -> np.ndarray:
        """Pixels of all masks by value, int64 `[labels.mask_values]`."""
        return sum(self.pixels.values(), np.zeros(self.labels.mask_values, np.int64))

    def class_weights(self) -> tuple[float, ...] | None:
        """Weights by median frequency; None without a labelled pixel."""
        pixels = self.by_class(self.all_pixels)
        if not any(pixels):
            return None
        return tuple(class_weights(pixels, image_pixels=self.by_class(self.image_pixels)).tolist())

    def _duplicates(self, sample: Sample) -> Iterator[Finding]:
        if not sample.digest:
            return
        split, place = self._first.setdefault(sample.digest, (sample.split, sample.image_file or sample.name))
        own = sample.image_file or sample.name
        if (split, place) == (sample.split, own):
            return
        kind = "duplicate" if split == sample.split else "duplicate_between_splits"
        text = f"{own} in {sample.split} has the pixels of {place} in {split}. Keep one of them."
        yield Finding(kind, text, sample.split, sample.name, sample.image_file)

    def _large(self) -> Iterator[Finding]:
        size = median_size(list(self.sizes.elements())) if self.sizes else (0, 0)
        # Below, a larger crop is the remedy.
        if max(size) > LARGE_SIDE and (advice := advice_on_size(size, CROP)):
            yield Finding("large_images", advice)

    def _shifted(self) -> Iterator[Finding]:
        classes, ignore = self.labels.classes, self.labels.ignore_label
        if ignore not in (0, classes) and classes < len(self.occurs) and not self.occurs[0] and self.occurs[classes]:
            yield Finding(
                "shifted_labels",
                f"Class 0 ({self.labels.names[0]}) never occurs, the value {classes} does, which is one too many: if "
                "ids were counted from 1, subtract 1 from all masks.",
                values=(classes,),
            )

    def _absent(self) -> Iterator[Finding]:
        counts = {split: self.by_class(pixels) for split, pixels in self.pixels.items()}
        for index, name in enumerate(self.labels.names):
            lacking = [split for split, pixels in counts.items() if not pixels[index]]
            if index == self.labels.ignore_label:
                continue
            for split in [""] if lacking and len(lacking) == len(counts) else lacking:
                where = f"in {split}" if split else "anywhere"
                text = f"Class {index} ({name}) does not occur {where}."
                yield Finding("absent_class", text, split, name, values=(index,))
