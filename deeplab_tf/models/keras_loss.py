"""Warnings and errors for losses and labels that do not fit a model that gives logits of its classes."""

from __future__ import annotations

import contextlib
import logging
import re

import keras
import tensorflow as tf

logger = logging.getLogger(__name__)
OF_PROBABILITIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
OUTSIDE = re.compile(
    r"Received a label value of[\] \[]+(-?\d+)[\] \[]+which is outside the valid range of \[0, (\d+)\)"
)


def warn_of_probabilities(loss) -> None:
    """Logs a loss, as `compile` takes it, that would take logits for probabilities: training would fail silently."""
    if isinstance(loss, keras.Loss):
        wrong = loss.get_config().get("from_logits") is False
    else:
        names = (loss, getattr(loss, "__name__", None))
        wrong = any(isinstance(name, str) and _snake(name) in OF_PROBABILITIES for name in names)
    if wrong:
        shown = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
        logger.warning(
            "The loss %s expects probabilities; the model gives logits and will not learn. "
            "Compile with deeplab_tf.losses.CrossEntropy(255), where 255 is the label to ignore.",
            shown,
        )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@contextlib.contextmanager
def explained_labels():
    """Turns TensorFlow's list of all labels of a batch, one of which is not a class, into one line.

    Raises:
        ValueError: Instead of TensorFlow's `InvalidArgumentError` of such labels.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = OUTSIDE.search(str(error))
        if not found:
            raise
        label, classes = map(int, found.groups())
        raise ValueError(
            f"A mask holds {label}; expected class ids 0-{classes - 1}. Fix the mask, or, where {label} is to be "
            f"ignored, compile with deeplab_tf.losses.CrossEntropy({label})."
        ) from None
