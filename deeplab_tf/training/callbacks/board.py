"""Validations in TensorBoard: the IoU of every class as curves, and pictures of some images."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from deeplab_tf.labels import LabelSpec
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.events import events
from deeplab_tf.training.callbacks.validation import Validation
from deeplab_tf.training.state import RunState
from deeplab_tf.visualize import PAPER, draw_class, font, grid

HEIGHT = 240


class ValidationBoard(RunCallback):
    """Shows each validation in TensorBoard, over the optimiser's step.

    `iou/<class>` is the IoU of each class that occurs, and `images/<name>` an image beside its truth and the model's
    prediction, in the colours of the classes. Every validation is a file of its own. To be placed after `Validation`.

    Args:
        folder: For TensorBoard. What it has of the same step or later ones is replaced, so that a resumed run shows no
            step twice.
        validation: The validation before this callback; with `examples` it has the images.
        state: As for `RunCallback`.

    Attributes:
        folder: The same; may be set while training goes on.

    Raises:
        OSError: From `fit`, if a file cannot be written.

    Example:
        >>> validation = Validation(evaluation_images(dataset, "val"), examples=4)
        >>> model.fit(batches, epochs=3, callbacks=[validation, ValidationBoard("board", validation)])
    """

    def __init__(self, folder: str | os.PathLike, validation: Validation, *, state: RunState | None = None):
        super().__init__(state)
        self.folder, self._validation = Path(folder), validation

    def on_epoch_end(self, epoch, logs=None):
        evaluation = self._validation.evaluation
        if evaluation is None:
            return
        with events(self.folder, self.state.step):
            for name, row in evaluation.per_class.items():
                if np.isfinite(row["iou"]):
                    tf.summary.scalar(f"iou/{name}", row["iou"])
            for name, *row in self._validation.seen:
                tf.summary.image(f"images/{name}", panel(row, evaluation.labels)[None])


def panel(row: list[np.ndarray], labels: LabelSpec, height: int = HEIGHT) -> np.ndarray:
    """An image, its truth and a prediction side by side, above the names and colours of the classes that occur in them.

    Args:
        row: uint8 `[H, W, 3]`, and twice integer `[H, W]`.
        labels: The classes.
        height: Of the image in the picture, in pixels.

    Returns:
        RGB, uint8 `[H, W, 3]`.

    Example:
        >>> write_image("panel.png", panel([image, truth, prediction], label_spec("pascal_voc")))
    """
    picture = grid([row], labels, height=height)
    occurring = np.union1d(row[1], row[2])
    names = [(labels.names[index], labels.colors[index]) for index in occurring[occurring < labels.classes]]
    if labels.ignore_label in occurring:
        names.append(("ignored", labels.palette[labels.ignore_label]))
    size = max(11, height // 20)
    left, top, places = size, 0, []
    for name, color in names:
        width = 2 * size + int(font(size).getlength(name))
        if left + width > picture.shape[1] and left > size:
            left, top = size, top + 2 * size
        places.append((left, top, name, color))
        left += width + size
    canvas = Image.new("RGB", (picture.shape[1], picture.shape[0] + top + 2 * size), PAPER)
    canvas.paste(Image.fromarray(picture), (0, 0))
    draw = ImageDraw.Draw(canvas)
    for left, top, name, color in places:
        corner = left, picture.shape[0] + top + size // 4
        draw_class(draw, corner, side=size, color=color, name=name, gap=size // 2, text_size=size)
    return np.asarray(canvas)
