"""Released weights into native models."""

from deeplab_tf.weights.catalogue import ZOO, ZooEntry, zoo_entry, zoo_table
from deeplab_tf.weights.recalibration import recalibrate_batch_norm
from deeplab_tf.weights.released import Transfer, load_released, read_released, transfer_weights

__all__ = [
    "ZOO",
    "Transfer",
    "ZooEntry",
    "load_released",
    "read_released",
    "recalibrate_batch_norm",
    "transfer_weights",
    "zoo_entry",
    "zoo_table",
]
