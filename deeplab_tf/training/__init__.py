"""Training: settings in, a run folder with the model out."""

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.run import TrainResult, resume, train
from deeplab_tf.training.run_folder import RunFolder

__all__ = ["RunFolder", "TrainConfig", "TrainResult", "resume", "train"]
