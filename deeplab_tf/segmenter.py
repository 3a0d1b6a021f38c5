"""Image in, labels out: what people use after training."""

from __future__ import annotations

import os

import numpy as np

from deeplab_tf.artefacts import Artefact, open_artefact
from deeplab_tf.images import read_image
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import SegmentationModel
from deeplab_tf.segmentation import Segmentation


class Segmenter:
    """Segments images of any size with a model, a model file or an exported artefact.

    Args:
        model_or_path: Whatever `deeplab_tf.artefacts.open_artefact` takes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If it is not a DeepLab model; the message names it.

    Example:
        >>> segmenter = Segmenter("model.keras")
        >>> segmenter("cat.jpg").labels.shape
        (375, 500)
    """

    def __init__(self, model_or_path: SegmentationModel | Artefact | str | os.PathLike):
        self.artefact = open_artefact(model_or_path)

    @property
    def labels(self) -> LabelSpec:
        """What the label ids mean."""
        return self.artefact.labels

    def __call__(self, image: str | os.PathLike | np.ndarray) -> Segmentation:
        """Segments one image.

        Args:
            image: An image file, or an array: RGB `[H, W, 3]` or grey `[H, W]` or `[H, W, 1]`, integer or float,
                0-255.

        Returns:
            The labels at the image's size, and what goes with them.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is no image (the message names it), or the array has another shape or range.
        """
        rgb = read_image(image) if isinstance(image, str | os.PathLike) else as_rgb(image)
        return Segmentation(rgb, self.artefact.predict(rgb), self.artefact)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """An array or eager tensor as RGB, uint8 `[H, W, 3]`.

    Args:
        image: RGB `[H, W, 3]` or grey `[H, W]` or `[H, W, 1]`, integer or float, 0-255.

    Raises:
        ValueError: If the shape, type or range is another.

    Example:
        >>> as_rgb(np.full((2, 2), 99.6)).shape
        (2, 2, 3)
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3) or not image.size:
        raise ValueError(
            f"Expected one RGB image [H, W, 3] or a grey one [H, W]; received the shape {list(image.shape)}. "
            "Pass the images of a batch one by one, and drop an alpha channel."
        )
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating)):
        raise ValueError(
            f"Expected integer or float pixels, 0-255; received {image.dtype}. Convert the image to uint8."
        )
    if image.dtype != np.uint8:
        low, high = image.min(), image.max()
        if not (low >= 0 and high <= 255):
            raise ValueError(f"Expected pixels of 0-255; received {low} to {high}. Rescale the image.")
        if np.issubdtype(image.dtype, np.floating) and 0 < high <= 1:
            raise ValueError(f"Expected pixels of 0-255; received floats of {low} to {high}. Multiply by 255.")
        image = np.rint(image).astype(np.uint8)
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
