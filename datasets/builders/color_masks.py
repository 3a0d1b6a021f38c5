"""Masks whose colours, not values, tell the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deeplab_tf.checks import listing
from deeplab_tf.datasets.audit.faults import BadPair
from deeplab_tf.images import read_image
from deeplab_tf.labels import IGNORE_COLOR, LabelSpec


def read_color_mask(path: Path, labels: LabelSpec) -> np.ndarray:
    """A mask in the colours of `labels` as ids.

    Args:
        path: An RGB image, or a palette image of such colours.
        labels: The classes; their colours must differ. `IGNORE_COLOR` is ignored unless it is a class's.

    Returns:
        `labels.mask_dtype` `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image or has an unknown colour; the message names the file and the colours.

    Example:
        >>> read_color_mask(Path("LabeledApproved_full/0001TP_006690_L.png"), label_spec("camvid_32")).max()
        31
    """
    pixels = _codes(read_image(path))
    if len(set(labels.colors)) < labels.classes:
        raise ValueError(
            f"{path} is a mask of colours, but classes of {labels.name} have a colour in common: "
            f"{_shared(labels)}. Give each class a colour of its own."
        )
    known = {IGNORE_COLOR: labels.ignore_label} | dict(zip(labels.colors, range(labels.classes)))
    colors, values = _codes(np.array(list(known))), np.array(list(known.values()))
    order = np.argsort(colors)
    place = np.minimum(np.searchsorted(colors, pixels, sorter=order), len(colors) - 1)
    found = order[place]
    unknown, counts = np.unique(pixels[colors[found] != pixels], return_counts=True)
    if unknown.size:
        most = unknown[np.argsort(-counts, kind="stable")].tolist()
        named = listing([(code >> 16, code >> 8 & 255, code & 255) for code in most])
        raise BadPair(
            "wrong_values",
            path,
            f"{path} has {counts.sum()} pixels of colours that are no class of {labels.name}: {named}. Smooth "
            "resizing and JPEG mix colours: take the original mask, or give the classes these colours: lines of "
            "NAME R G B.",
        )
    return values[found].astype(labels.mask_dtype)


def _shared(labels: LabelSpec) -> str:
    return ", ".join(name for name, color in zip(labels.names, labels.colors) if labels.colors.count(color) > 1)


def _codes(rgb: np.ndarray) -> np.ndarray:
    """RGB colours, `[..., 3]`, as one number each."""
    return rgb.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
