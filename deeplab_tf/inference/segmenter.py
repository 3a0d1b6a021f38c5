"""Image in, labels out: what people use after training."""

from __future__ import annotations

import os

import numpy as np

from deeplab_tf.images import as_rgb, read_image
from deeplab_tf.images.scaling import FROM_MODEL
from deeplab_tf.inference.open import open_predictor
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.inference.segmentation import Segmentation
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import SegmentationModel


class Segmenter:
    """Segments images of any size with a model, a model file or an exported file; threads may share one.

    Args:
        model_or_path: Whatever `deeplab_tf.inference.open_predictor` takes.
        max_side: Larger images are scaled down to this side in pixels, or to fit this (height, width), for the network,
            and their scores enlarged back. `"model"` takes the size that the model is made for; None predicts at the
            image's own size. See docs/prediction.md.
        **opening: Further arguments of `open_predictor`: `scales`, `flip`, `window`, `overlap`, `crf`, `output_stride`,
            `input_range`, `threads`, `trust`.

    Attributes:
        predictor: What predicts, from `open_predictor`.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If it is not a DeepLab model, or an argument is not possible; the message names it.

    Example:
        >>> segmenter = Segmenter("model.keras")
        >>> segmenter("cat.jpg").labels.shape
        (375, 500)
        >>> best = Segmenter("model.keras", output_stride=8, scales=(0.5, 0.75, 1, 1.25, 1.5, 1.75), flip=True)
    """

    def __init__(
        self,
        model_or_path: SegmentationModel | Predictor | str | os.PathLike,
        max_side: int | tuple[int, int] | str | None = FROM_MODEL,
        **opening,
    ):
        self.predictor = open_predictor(model_or_path, max_side=max_side, **opening)

    @property
    def labels(self) -> LabelSpec:
        """What the label ids mean."""
        return self.predictor.labels

    def __call__(self, image: str | os.PathLike | np.ndarray) -> Segmentation:
        """Segments one image.

        Args:
            image: An image file, or an array: RGB `[H, W, 3]` or grey `[H, W]` or `[H, W, 1]`, integer or float,
                0-255.

        Returns:
            The labels at the image's size, with probabilities, overlay and files made from them on demand.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is not an image (the message names it), or the array has another shape or range.
        """
        rgb = read_image(image) if isinstance(image, str | os.PathLike) else as_rgb(image)
        return Segmentation(rgb, self.predictor.predict(rgb), self.predictor)
