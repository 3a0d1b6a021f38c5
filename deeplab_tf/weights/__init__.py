"""Released weights into native models."""

from deeplab_tf.weights.checkpoint_model import load_checkpoint, load_checkpoint_model
from deeplab_tf.weights.initial import load_initial
from deeplab_tf.weights.recalibration import recalibrate_batch_norm
from deeplab_tf.weights.released import load_released, read_released, transfer_weights
from deeplab_tf.weights.sources import KINDS, Kind, Network, Source, identify
from deeplab_tf.weights.transfer import Transfer
from deeplab_tf.weights.zoo.catalogue import ZOO, ZooEntry, zoo_entry, zoo_table, zoo_urls

__all__ = [
    "KINDS",
    "ZOO",
    "Kind",
    "Network",
    "Source",
    "Transfer",
    "ZooEntry",
    "identify",
    "load_checkpoint",
    "load_checkpoint_model",
    "load_initial",
    "load_released",
    "read_released",
    "recalibrate_batch_norm",
    "transfer_weights",
    "zoo_entry",
    "zoo_table",
    "zoo_urls",
]
