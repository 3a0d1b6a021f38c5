"""Callbacks for `keras.Model.fit`, each usable alone.

`deeplab_tf.training.train` has all of them, in this order (`deeplab_tf.training.run_callbacks`):

1. `Divergence` ends training before anything that is not a number is kept.
2. `Validation` publishes `val_mean_iou` and `val_pixel_accuracy` in the logs.
3. `TrainingLog` writes CSV and TensorBoard.
4. `ValidationBoard` shows in TensorBoard each class's IoU, and images beside truth and prediction.
5. `BestModel` keeps the best model.
6. `NoProgress` ends training where `patience` is set.
7. `Curves` draws the log.
8. `TrainingProgress` shows how far the run is.
9. The user's own.
10. `Checkpoint`, last, so that it keeps what the others did.
"""

from deeplab_tf.training.callbacks.best import BestModel
from deeplab_tf.training.callbacks.board import ValidationBoard
from deeplab_tf.training.callbacks.checkpoint import Checkpoint
from deeplab_tf.training.callbacks.curves import Curves
from deeplab_tf.training.callbacks.divergence import Diverged, Divergence
from deeplab_tf.training.callbacks.log import TrainingLog
from deeplab_tf.training.callbacks.no_progress import NoProgress
from deeplab_tf.training.callbacks.progress import TrainingProgress
from deeplab_tf.training.callbacks.validation import Validation
from deeplab_tf.training.state import RunState

__all__ = [
    "BestModel",
    "Checkpoint",
    "Curves",
    "Diverged",
    "Divergence",
    "NoProgress",
    "RunState",
    "TrainingLog",
    "TrainingProgress",
    "Validation",
    "ValidationBoard",
]
