"""The pictures of a demo's page, each from what the package draws anyway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from deeplab_tf import page
from deeplab_tf.datasets.pipeline.augmenter import Augmenter
from deeplab_tf.demo.learning import Watched
from deeplab_tf.evaluation.report.gallery import Highest, side_by_side
from deeplab_tf.images import read_image, read_mask
from deeplab_tf.inference import Segmentation
from deeplab_tf.labels import LabelSpec
from deeplab_tf.training import TrainConfig
from deeplab_tf.visualize import fitted, overlay, shares

WORST = 3
_CROPS = 3
_SIDE = 720


class Picture(NamedTuple):
    """A picture of the page.

    Args:
        uri: Its address, with all of it.
        alt: What it shows, in words.
        caption: What stands below.
    """

    uri: str
    alt: str
    caption: str = ""


def of_file(path: Path, alt: str) -> Picture:
    """A PNG file."""
    return Picture(page.data_uri(path.read_bytes(), "png"), alt)


def _of_array(pixels: np.ndarray, alt: str, caption: str = "") -> Picture:
    return Picture(page.data_uri(page.jpeg_bytes(pixels)), alt, caption)


def with_masks(items: Iterable[Mapping], labels: LabelSpec) -> list[Picture]:
    """Images, each beside the same under its mask."""
    return [one for item in items for one in _pair(item["image"], item["label"], labels, "A drawn image")]


def crops(item: Mapping, labels: LabelSpec, config: TrainConfig) -> list[Picture]:
    """An image and what the augmentation of a run makes of it, each beside the same under its mask."""
    found = _pair(item["image"], item["label"], labels, "The image", captions=True)
    augment = Augmenter(config.augmentation, config.data.crop, ignore_label=labels.ignore_label)
    for number in range(_CROPS):
        image, label = augment(item["image"], item["label"], (0, number))
        found += _pair(np.rint(image).astype(np.uint8), label.numpy(), labels, f"Crop {number + 1}", captions=True)
    return found


def _pair(image: np.ndarray, seen: np.ndarray, labels: LabelSpec, name: str, captions: bool = False) -> list[Picture]:
    return [
        _of_array(pixels, text, text * captions)
        for pixels, text in ((image, name), (_tinted(image, seen, labels), f"{name}, with its mask"))
    ]


def learned(item: Mapping, labels: LabelSpec, watched: Watched) -> list[Picture]:
    """What a network saw in an image before the first step, at the first validation and at the last, and the truth."""
    rows = {f"After step {step}" if step else "Before the first step": seen for step, seen in watched.seen.items()}
    names = list(rows)
    shown = {name: rows[name] for name in dict.fromkeys((*names[:2], names[-1]))}
    return [
        _of_array(_tinted(item["image"], seen, labels), f"{name}: the classes in colours", name)
        for name, seen in {**shown, "Truth": item["label"]}.items()
    ]


def _tinted(image: np.ndarray, seen: np.ndarray, labels: LabelSpec) -> np.ndarray:
    return overlay(image, seen, labels, alpha=0.6, legend=False)


class Worst:
    """Keeps the images with the most wrong pixels while images are evaluated.

    Args:
        labels: The classes.
    """

    def __init__(self, labels: LabelSpec):
        self._labels, self._kept = labels, Highest(WORST)

    def add(self, filename: str, image: np.ndarray, truth: np.ndarray, predictions: list[np.ndarray]) -> None:
        """Takes an image, as `evaluate_all` gives it to `on_image`."""
        counted = truth != self._labels.ignore_label
        wrong = float((truth != predictions[0])[counted].mean()) if counted.any() else 0.0

        def draw() -> tuple[str, bytes]:
            row = side_by_side(image, truth, {"prediction": predictions[0]}, self._labels, errors=True)
            return f"{filename}: {100 * wrong:.1f} % of the pixels are wrong", row

        self._kept.offer(wrong, draw)

    @property
    def pictures(self) -> list[Picture]:
        """Image, truth, prediction and errors of each, the worst first."""
        alt = "Image, truth, prediction, and the wrong pixels in red"
        return [Picture(page.data_uri(file), alt, caption) for caption, file in self._kept.pictures]


def new_images(written: Mapping[Path, tuple[Path, ...]], labels: LabelSpec) -> list[Picture]:
    """Images under their labels, by what `segment_files` wrote."""
    return [
        _of_array(_tinted(read_image(image), read_mask(files[0]), labels), "A new image, its classes in colours")
        for image, files in written.items()
    ]


class Photograph(NamedTuple):
    """A photograph of the page.

    Args:
        pictures: The photograph, and the overlay of what the network sees in it.
        classes: Colour, name and share of the pixels of each class that occurs, largest first.
    """

    pictures: list[Picture]
    classes: list[tuple[str, str, float]]


def photograph(name: str, seen: Segmentation) -> Photograph:
    """A segmented photograph, at the size of the page."""
    spec = seen.spec
    pairs = {"": seen.image, ", what the network sees in colours over it": seen.overlay()}
    pictures = [_of_array(_small(pixels), f"The photograph {name}{what}") for what, pixels in pairs.items()]
    classes = [
        (page.css_color(spec.colors[index]), spec.names[index], share)
        for index, share in shares(seen.labels, spec).items()
    ]
    return Photograph(pictures, classes)


def _small(pixels: np.ndarray) -> np.ndarray:
    if max(pixels.shape[:2]) <= _SIDE:
        return pixels
    return np.asarray(fitted(pixels, Image.Resampling.LANCZOS, width=_SIDE, height=_SIDE))
