"""The DeepLab family for semantic image segmentation, in TensorFlow 2 and Keras 3."""

import sys
from pathlib import Path

__version__ = "0.1.0"

# The command line answers --help and wrong flags at once: it imports TensorFlow only when a command runs.
if Path(*sys.argv[:1]).stem != "deeplab-tf" and sys.orig_argv[1:3] != ["-m", "deeplab_tf"]:
    from deeplab_tf.cost import model_cost
    from deeplab_tf.labels import LabelSpec, label_spec
    from deeplab_tf.models import (
        LRASPP,
        AutoDeepLab,
        DeepLabV1,
        DeepLabV2,
        DeepLabV3,
        DeepLabV3Plus,
        load_model,
        save_model,
    )
    from deeplab_tf.segmenter import Segmenter
    from deeplab_tf.weights import ZOO, load_released, recalibrate_batch_norm, transfer_weights

    __all__ = [
        "LRASPP",
        "ZOO",
        "AutoDeepLab",
        "DeepLabV1",
        "DeepLabV2",
        "DeepLabV3",
        "DeepLabV3Plus",
        "LabelSpec",
        "Segmenter",
        "label_spec",
        "load_model",
        "load_released",
        "model_cost",
        "recalibrate_batch_norm",
        "save_model",
        "transfer_weights",
    ]
