"""What the `weights=` of a model's constructor does."""

from __future__ import annotations

import logging
import os

from deeplab_tf.models import SegmentationModel, set_recalibrator, set_weights_loader
from deeplab_tf.weights.recalibration import recalibrate_batch_norm
from deeplab_tf.weights.released import transfer_weights

logger = logging.getLogger(__name__)


def load_initial(model: SegmentationModel, weights: str | os.PathLike | SegmentationModel) -> None:
    """Fills a new model by `transfer_weights`, and tells what was loaded and what stayed new.

    Args:
        model: Filled in place.
        weights: What `transfer_weights` takes.

    Raises:
        FileNotFoundError: As for `transfer_weights`.
        ConnectionError: As for `transfer_weights`.
        ValueError: As for `transfer_weights`.

    Example:
        >>> load_initial(model.rebuild(classes=5), "model.keras")
    """
    transfer = transfer_weights(model, weights)
    logger.info(f"weights {weights}: {transfer}.")


set_weights_loader(load_initial)
set_recalibrator(recalibrate_batch_norm)
