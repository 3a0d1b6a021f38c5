"""One segmented image: labels, probabilities, an overlay, and files of them."""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path

import numpy as np

from deeplab_tf.datasets import write_labelme
from deeplab_tf.datasets.builders.labelme_writing import SMALLEST, TOLERANCE
from deeplab_tf.files import check_writable
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.labels import LabelSpec
from deeplab_tf.visualize import overlay, shares

OUTPUT_ENDINGS = ("_labels.png", "_overlay.png")


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """The result of a `Segmenter` for one image.

    Args:
        image: RGB, uint8 `[H, W, 3]`.
        labels: Class ids, int32 `[H, W]`.
        predictor: What predicted them.

    Example:
        >>> result = segmenter("cat.jpg")
        >>> result.classes
        {'background': 0.71, 'cat': 0.29}
        >>> result.save("out", "cat")
        (PosixPath('out/cat_labels.png'), PosixPath('out/cat_overlay.png'))
    """

    image: np.ndarray
    labels: np.ndarray
    predictor: Predictor

    def __repr__(self) -> str:
        height, width = self.labels.shape
        classes = ", ".join(f"{name} {share:.1%}" for name, share in self.classes.items())
        return f"<Segmentation {height}x{width}: {classes}>"

    @property
    def spec(self) -> LabelSpec:
        """Names, colours and ignore label of the classes."""
        return self.predictor.labels

    @functools.cached_property
    def probabilities(self) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`; computed when first asked for.

        Raises:
            ValueError: If the predictor gives labels only.
        """
        return self.predictor.probabilities(self.image)

    @property
    def classes(self) -> dict[str, float]:
        """Fraction of the pixels, 0-1, of each class that occurs, by name, largest first."""
        return {self.spec.names[index]: share for index, share in shares(self.labels, self.spec).items()}

    def overlay(self, alpha: float = 0.5, legend: bool = False) -> np.ndarray:
        """The image tinted with the classes' colours; see `deeplab_tf.visualize.overlay`.

        Args:
            alpha: Weight of the colours, 0-1.
            legend: Add the classes that occur, with their fractions.

        Returns:
            RGB, uint8 `[H, W, 3]`; larger than the image where there is a legend.

        Raises:
            ValueError: If `alpha` is not in 0-1.
        """
        return overlay(self.image, self.labels, self.spec, alpha, legend)

    def save(self, folder: str | os.PathLike, stem: str, legend: bool = False) -> tuple[Path, Path]:
        """Writes `<stem>_labels.png`, a palette PNG of class ids, and `<stem>_overlay.png`.

        Args:
            folder: Where to; it is made.
            stem: Start of the file names.
            legend: Add the classes that occur to the overlay, which is otherwise as large as the image.

        Returns:
            The two paths.

        Raises:
            ValueError: If the folder cannot be written; the message names it.
        """
        folder = check_writable(folder)
        labels, picture = (folder / f"{stem}{ending}" for ending in OUTPUT_ENDINGS)
        write_label_png(labels, self.labels, self.spec.palette)
        # Stronger compression of photographs saves a few per cent and takes several times as long.
        write_image(picture, self.overlay(legend=legend), compress_level=1)
        return labels, picture

    def save_labelme(
        self,
        path: str | os.PathLike,
        image: str | os.PathLike,
        *,
        tolerance: float = TOLERANCE,
        smallest: float = SMALLEST,
    ) -> Path:
        """Writes the labels as polygons that labelme opens, to be corrected; see `deeplab_tf.datasets.write_labelme`.

        Args:
            path: The JSON file.
            image: The image file that was segmented.
            tolerance: How far, in pixels, a polygon may be from the boundary of the labels.
            smallest: Regions of fewer pixels become part of what is around them.

        Returns:
            `path`.

        Raises:
            ValueError: If `tolerance` or `smallest` is negative, or the file cannot be written.
        """
        return write_labelme(path, self.labels, self.spec, image, tolerance=tolerance, smallest=smallest)
