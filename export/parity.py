"""Comparing an export with its model before the export is put in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

from deeplab_tf.images import as_rgb, read_image

# An image's labels, and its scores where there are any.
Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
MIN_AGREEMENT = 0.99


def synthetic_images(height: int, width: int) -> list[np.ndarray]:
    """Four images made of gradients, smooth blobs and noise, the same at every call.

    Args:
        height: Of the largest, > 1.
        width: Of the largest, > 1.

    Returns:
        RGB, uint8 `[h, w, 3]`: one of the full size, one lower, one narrower, one smaller in both directions.

    Example:
        >>> [image.shape for image in synthetic_images(400, 400)]
        [(400, 400, 3), (300, 400, 3), (400, 300, 3), (200, 200, 3)]
    """
    generator = np.random.default_rng(20180207)
    images = []
    for rows, columns in ((1, 1), (0.75, 1), (1, 0.75), (0.5, 0.5)):
        size = (max(2, int(width * columns)), max(2, int(height * rows)))
        blobs = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
        smooth = np.asarray(blobs.resize(size, Image.Resampling.BICUBIC), np.float32)
        ramp = np.linspace(-40, 40, size[0], dtype=np.float32)[None, :, None]
        noisy = smooth + ramp + generator.normal(0, 6, smooth.shape)
        images.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return images


def comparison_images(images: Iterable | None, height: int, width: int) -> list[np.ndarray]:
    """The given image files and arrays as RGB, or `synthetic_images` of a size where there are none.

    Raises:
        ValueError: If one cannot be read, or an empty list is given.
    """
    if images is None:
        return synthetic_images(height, width)
    arrays = [read_image(image) if isinstance(image, str | os.PathLike) else as_rgb(image) for image in images]
    if not arrays:
        raise ValueError("Received no image to compare the export on. Give some, or None for synthetic ones.")
    return arrays


def compare(model: Predict, exported: Predict, images: list[np.ndarray]) -> tuple[float, float | None]:
    """How closely an export follows its model.

    Args:
        model: Predicts with the model.
        exported: Predicts with the export.
        images: RGB, uint8 `[H, W, 3]`.

    Returns:
        The share of pixels, over all images, whose labels are equal, and the largest difference of a score; None
        where the export gives no scores.
    """
    equal = total = 0
    differences = []
    for image in images:
        labels, scores = model(image)
        exported_labels, exported_scores = exported(image)
        equal += int((labels == exported_labels).sum())
        total += labels.size
        if exported_scores is not None:
            differences.append(float(np.abs(scores - exported_scores).max()))
    return equal / total, max(differences) if differences else None


def require_agreement(agreement: float, least: float, output: str | os.PathLike, images: int) -> None:
    """Refuses an export that does not follow its model.

    Raises:
        ValueError: If `agreement` is below `least`.
    """
    if agreement < least:
        raise ValueError(
            f"{output} was not written: on {images} images its labels equal the model's at {agreement:.2%} of the "
            f"pixels, and {least:.2%} is required. Compare on images of the model's kind, or lower min_agreement."
        )
