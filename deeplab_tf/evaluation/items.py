"""Labelled images as they are given to whatever measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.pipeline.sources import refuse_endless
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted


def check_classes(predictor: Predictor, spec: LabelSpec) -> None:
    """Raises `ValueError` where a predictor has another number of classes than the data."""
    if spec.classes != predictor.labels.classes:
        raise ValueError(
            f"{predictor.source} has {predictor.labels.classes} classes ({predictor.labels.name}), the data have "
            f"{spec.classes} ({spec.name}). Evaluate on the data set that the model was trained for."
        )


def nothing_labelled(count: int, spec: LabelSpec) -> ValueError:
    """The error where no pixel of all images has a label."""
    return ValueError(
        f"Received {counted(count, 'image')}, and no labelled pixel to measure on. Check the split and the ignore "
        f"label {spec.ignore_label}."
    )


def items(images: Iterable[Mapping | tuple] | tf.data.Dataset) -> Iterator[Mapping]:
    """Mappings with `image` and `label`, whatever form they are given in.

    Raises:
        ValueError: If the images have no end, or an item has another form or no label.
    """
    if isinstance(images, tf.data.Dataset):
        refuse_endless(images)
    for item in images.as_numpy_iterator() if isinstance(images, tf.data.Dataset) else images:
        if isinstance(item, tuple | list) and len(item) == 2:
            item: Any = dict(zip(("image", "label"), item))
        if not isinstance(item, Mapping) or not {"image", "label"} <= item.keys():
            if isinstance(item, Mapping) and "image" in item:
                raise ValueError(
                    f"{name_of(item, 1)} has no mask, so there is nothing to compare "
                    "predictions with. Give data with masks, or look at the predictions themselves: deeplab-tf segment."
                )
            held = sorted(item) if isinstance(item, Mapping) else type(item).__name__
            raise ValueError(
                f"Expected pairs (image, label), or mappings with 'image' and 'label'; received {held}. Map the items "
                "to these; evaluation_images does so for TFRecords and TFDS builders."
            )
        yield item


def total(images) -> int | None:
    """How many images there are, or None where nobody knows."""
    if isinstance(images, tf.data.Dataset):
        count = int(images.cardinality())
        return count if count >= 0 else None
    return len(images) if hasattr(images, "__len__") else None


def name_of(item: Mapping, number: int) -> str:
    """The file name of an image, for messages, or its number."""
    name = item.get("filename", f"image {number}")
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def image_and_labels(item: Mapping, name: str) -> tuple[np.ndarray, np.ndarray]:
    """An image, uint8 `[H, W, 3]`, and its labels, integer `[H, W]`.

    Raises:
        ValueError: If they are something else or do not fit; the message names the image.
    """
    image, labels = np.asarray(item["image"]), np.asarray(item["label"])
    labels = labels[..., 0] if labels.ndim == 3 and labels.shape[-1] == 1 else labels
    if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"{name}: expected an RGB image, uint8 [H, W, 3]; received {image.dtype} {list(image.shape)}. "
            "Read it with deeplab_tf.images.read_image."
        )
    if labels.shape != image.shape[:2]:
        raise ValueError(
            f"{name}: the image is {image.shape[0]}x{image.shape[1]}, its labels {labels.shape}; they must "
            "have the same size. Fix the mask."
        )
    return image, labels
