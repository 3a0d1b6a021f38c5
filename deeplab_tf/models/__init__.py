"""The public models, and reading them back from files."""

from deeplab_tf.models.auto_deeplab import AutoDeepLab
from deeplab_tf.models.copying import copy_weights
from deeplab_tf.models.initial_weights import set_recalibrator, set_weights_loader
from deeplab_tf.models.input_channels import check_rgb
from deeplab_tf.models.lr_aspp import LRASPP
from deeplab_tf.models.registry import MODELS, create_model, model_class
from deeplab_tf.models.saving import check_model_path, load_model, save_model
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.v1 import DeepLabV1
from deeplab_tf.models.v2 import DeepLabV2
from deeplab_tf.models.v3 import DeepLabV3
from deeplab_tf.models.v3plus import DeepLabV3Plus

__all__ = [
    "LRASPP",
    "MODELS",
    "AutoDeepLab",
    "DeepLabV1",
    "DeepLabV2",
    "DeepLabV3",
    "DeepLabV3Plus",
    "SegmentationModel",
    "check_model_path",
    "check_rgb",
    "copy_weights",
    "create_model",
    "load_model",
    "model_class",
    "save_model",
    "set_recalibrator",
    "set_weights_loader",
]
