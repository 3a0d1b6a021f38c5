"""Comparing an export with its model before the export is put in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

from deeplab_tf.images import as_rgb, read_image
from deeplab_tf.images.scaling import fitted_size, shrunk
from deeplab_tf.images.synthetic import synthetic_images
from deeplab_tf.inference import Predictor
from deeplab_tf.progress import counted

# An image's labels, and its scores where there are any.
Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
MIN_AGREEMENT = 0.99
# Two classes whose scores differ by less are as good as each other: rounding decides.
TIE = 1e-5
# Below this fraction of unequal pixels ties are not looked for, since that takes all scores.
FEW = 1e-3
LARGER = 1.5


def comparison_images(images: Iterable | None, height: int, width: int) -> list[np.ndarray]:
    """The given image files and arrays as RGB, or `synthetic_images` of a size where there are none.

    Raises:
        ValueError: If one cannot be read, or an empty list is given.
    """
    if images is None:
        return synthetic_images(height, width)
    return read_images(images, "to compare the export on. Give some, or None for synthetic ones")


def read_images(images: Iterable, purpose: str) -> list[np.ndarray]:
    """Image files and arrays as RGB, uint8 `[H, W, 3]`.

    Raises:
        ValueError: If one cannot be read, or there is none; `purpose` ends that message.
    """
    arrays = [read_image(image) if isinstance(image, str | os.PathLike) else as_rgb(image) for image in images]
    if not arrays:
        raise ValueError(f"Received no image {purpose}.")
    return arrays


def fitting_and_large(
    images: list[np.ndarray], limit: tuple[int, int] | None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The images as a network sees them, and those that have to be scaled for it; at least one.

    Args:
        images: RGB, uint8 `[H, W, 3]`.
        limit: (height, width) within which the model predicts, or None, where nothing is scaled.

    Returns:
        The images scaled to fit the limit, and the ones that did not fit; the first enlarged where all did.

    Example:
        >>> fitting, large = fitting_and_large(synthetic_images(400, 400), (400, 400))
        >>> len(fitting), [image.shape for image in large]
        (4, [(600, 600, 3)])
    """
    sizes = [fitted_size(*image.shape[:2], limit) for image in images]
    large = [image for image, size in zip(images, sizes) if size != image.shape[:2]]
    fitting = [
        image if size == image.shape[:2] else shrunk(image[None], size)[0].numpy() for image, size in zip(images, sizes)
    ]
    if limit is not None and not large:
        first = images[0]
        scale = LARGER * max(1, min(limit[0] / first.shape[0], limit[1] / first.shape[1]))
        size = (int(first.shape[1] * scale) + 1, int(first.shape[0] * scale) + 1)
        large = [np.asarray(Image.fromarray(first).resize(size, Image.Resampling.BICUBIC))]
    return fitting, large


def compare(model: Predict, exported: Predict, images: list[np.ndarray]) -> tuple[float, float | None]:
    """How closely an export follows its model.

    Args:
        model: Predicts with the model; its scores are of the kind of the export's, where that gives any.
        exported: Predicts with the export.
        images: RGB, uint8 `[H, W, 3]`.

    Returns:
        The fraction of pixels, over all images, whose labels are equal or whose two labels' scores are, except for
        rounding; and the largest difference of a score, None where the export gives no scores.
    """
    equal = total = 0
    differences = []
    for image in images:
        labels, scores = model(image)
        exported_labels, exported_scores = exported(image)
        equal += _equal(labels, exported_labels, lambda scores=scores: scores)
        total += labels.size
        if exported_scores is not None:
            differences.append(float(np.abs(scores - exported_scores).max()))
    return equal / total, max(differences) if differences else None


def compare_large(model: Predictor, exported: Predictor, images: list[np.ndarray]) -> float | None:
    """The fraction of equal labels on images that both scale, each as its users have it; None without an image."""
    equal = total = 0
    for image in images:
        labels = model.predict(image)
        equal += _equal(labels, exported.predict(image), lambda image=image: model.probabilities(image))
        total += labels.size
    return equal / total if total else None


def _equal(labels: np.ndarray, others: np.ndarray, scores: Callable[[], np.ndarray]) -> int:
    unequal = np.nonzero(labels != others)
    count = len(unequal[0])
    if count <= FEW * labels.size:
        return labels.size - count
    candidates = scores()[unequal]
    pixels = np.arange(count)
    apart = np.abs(candidates[pixels, labels[unequal]] - candidates[pixels, others[unequal]])
    return labels.size - int((apart >= TIE).sum())


def require_agreement(
    agreement: float | None, least: float, output: str | os.PathLike, images: int, synthetic: bool = False
) -> None:
    """Refuses an export that does not follow its model.

    Args:
        agreement: The fraction of equal labels.
        least: The fraction required.
        output: What would have been written.
        images: How many were compared on.
        synthetic: Whether these were made up, because none were given.

    Raises:
        ValueError: If `agreement` is below `least`; None, of nothing compared, is not.
    """
    if agreement is not None and agreement < least:
        on = counted(images, "synthetic image" if synthetic else "image")
        kind = "photographs of the model's kind" if synthetic else "other images of the model's kind"
        raise ValueError(
            f"{output} was not written: on {on} its labels equal the model's at {agreement:.2%} of the pixels, and "
            f"{least:.2%} is required. Compare on {kind} (--images), or lower min_agreement in Python."
        )
