"""Losses of segmentation for `compile(loss=...)`: class ids and logits in, the ignore label counts nowhere.

All are computed in float32, whatever the precision of the network.
"""

from deeplab_tf.losses.combined import CombinedLoss
from deeplab_tf.losses.cross_entropy import CrossEntropy
from deeplab_tf.losses.dice import Dice
from deeplab_tf.losses.focal import Focal
from deeplab_tf.losses.hard_pixels import HardPixels
from deeplab_tf.losses.lovasz import LovaszSoftmax

__all__ = [
    "CombinedLoss",
    "CrossEntropy",
    "Dice",
    "Focal",
    "HardPixels",
    "LovaszSoftmax",
]
