"""The public models, and reading them back from files."""

from deeplab_tf.models.saving import load_model, save_model
from deeplab_tf.models.segmentation_model import SegmentationModel, copy_weights
from deeplab_tf.models.v3 import DeepLabV3
from deeplab_tf.models.v3plus import DeepLabV3Plus
from deeplab_tf.models.whole_image import canvas_size, whole_image_logits

MODELS = {"v3": DeepLabV3, "v3plus": DeepLabV3Plus}

__all__ = [
    "MODELS",
    "DeepLabV3",
    "DeepLabV3Plus",
    "SegmentationModel",
    "canvas_size",
    "copy_weights",
    "load_model",
    "save_model",
    "whole_image_logits",
]
