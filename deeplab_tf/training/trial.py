"""The end of a `fast_dev_run`: is the model that it left fit for use?"""

from __future__ import annotations

import logging

import numpy as np

from deeplab_tf.export import export_saved_model
from deeplab_tf.files.scratch import scratch_folder
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.run_folder import RunFolder

_log = logging.getLogger(__name__)


def check_usable(config: TrainConfig, folder: RunFolder) -> None:
    """Loads the run's model, predicts with it and exports it, as is done with that of a real run.

    Args:
        config: The settings.
        folder: The run's folder.

    Raises:
        ValueError: If the model cannot be exported.
    """
    image = np.random.default_rng(config.seed).integers(0, 256, (*config.data.crop, 3), np.uint8)
    with scratch_folder() as scratch:
        # After three steps classes may be all but equal, so that how far the export agrees says nothing.
        export_saved_model(folder.path, scratch / "saved_model", [image], min_agreement=0)
    _log.info(
        "%s: training, validation, checkpoint, best model, loading and export work. This was a trial of %d steps; "
        "a real run of these settings may take its folder.",
        folder.path,
        config.last_step,
    )
