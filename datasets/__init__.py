"""Data sets as TFRecords: converting, inspecting, and reading them for training and evaluation."""

from deeplab_tf.datasets.audit import inspect_dataset
from deeplab_tf.datasets.convert import ConversionReport
from deeplab_tf.datasets.damage import explain_data_error
from deeplab_tf.datasets.dataset import DataSet, open_dataset
from deeplab_tf.datasets.folder import convert_folder
from deeplab_tf.datasets.inspection import Inspection
from deeplab_tf.datasets.pipeline import evaluation_images, training_batches
from deeplab_tf.datasets.shapes import draw_shapes
from deeplab_tf.datasets.voc import convert_voc

__all__ = [
    "ConversionReport",
    "DataSet",
    "Inspection",
    "convert_folder",
    "convert_voc",
    "draw_shapes",
    "evaluation_images",
    "explain_data_error",
    "inspect_dataset",
    "open_dataset",
    "training_batches",
]
