"""Weights that are not numbers are refused where they are read."""

from __future__ import annotations

import os

import keras
import numpy as np

from deeplab_tf.files.reading import shown


def check_finite(model: keras.Model, source: str | os.PathLike) -> None:
    """Refuses a model that would predict the same everywhere.

    Args:
        model: The model.
        source: The file that it was read from.

    Raises:
        ValueError: If a weight is infinite or not a number; the message names the file and the first such layer.
    """
    for layer in model.layers:
        for values in layer.get_weights():
            if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
                raise ValueError(
                    f"{shown(source)}: the weights of {layer.name!r} are not finite. Training diverged, or the file is "
                    "damaged; take another one."
                )
