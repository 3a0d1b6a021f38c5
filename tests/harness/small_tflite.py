"""A `.tflite` file like an export, made in a second: one convolution, its scores enlarged as networks do it."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.export.tflite import OUTPUTS
from deeplab_tf.labels import LabelSpec
from deeplab_tf.weights.formats.side_file import with_side_file

SPEC = LabelSpec(("sky", "tree", "roof", "road"), ((0, 0, 0), (0, 90, 0), (190, 40, 0), (90, 90, 120)), name="town")


def small_tflite(file: Path, outputs: str = "logits", side: int = 65) -> Path:
    """Writes a file that takes images of `side` pixels and gives one of the `OUTPUTS` for each."""
    kernel = np.random.default_rng(2).normal(0, 0.02, (5, 5, 3, SPEC.classes)).astype(np.float32)
    image = tf.TensorSpec((1, side, side, 3), tf.uint8, name="image")

    @tf.function(input_signature=[image], autograph=False)
    def predict(image):
        features = tf.nn.conv2d(tf.cast(image, tf.float32) - 127.5, kernel, 4, "SAME")
        logits = tf.raw_ops.ResizeBilinear(images=features, size=(side, side), align_corners=True)
        return {outputs: OUTPUTS[outputs](logits)}

    module = tf.Module()
    module.predict = predict
    content = tf.lite.TFLiteConverter.from_concrete_functions([predict.get_concrete_function()], module).convert()
    sizes = {"image_size": [side, side], "size": [side, side], "output_stride": 4}
    about = {"format": "deeplab-tf", "labels": SPEC.to_dict(), "pad_value": [127.5] * 3, "outputs": outputs, **sizes}
    file.write_bytes(with_side_file(content, about))
    return file
