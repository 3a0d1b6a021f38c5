"""A `.tflite` file like an export, made in a second: one convolution, its scores enlarged as networks do it."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.labels import LabelSpec
from deeplab_tf.weights.formats.side_file import with_side_file

SIDE, STRIDE = 65, 8
# Of a map of scores at the network's stride.
OUTPUTS = {
    "labels": lambda scores: tf.argmax(_enlarged(scores), -1, output_type=tf.int32),
    "probabilities": lambda scores: tf.nn.softmax(_enlarged(scores)),
    "logits": lambda scores: _enlarged(scores),
    "low_logits": tf.identity,
}
SPEC = LabelSpec(("sky", "tree", "roof", "road"), ((0, 0, 0), (0, 90, 0), (190, 40, 0), (90, 90, 120)), name="town")


def small_tflite(file: Path, outputs: str = "logits") -> Path:
    """Writes a file that takes images of `SIDE` pixels and gives one of the `OUTPUTS` of the same network."""
    kernel = np.random.default_rng(2).normal(0, 0.02, (9, 9, 3, SPEC.classes)).astype(np.float32)
    image = tf.TensorSpec((1, SIDE, SIDE, 3), tf.uint8, name="image")

    @tf.function(input_signature=[image], autograph=False)
    def predict(image):
        scores = tf.nn.conv2d(tf.cast(image, tf.float32) - 127.5, kernel, STRIDE, "SAME")
        return {outputs: OUTPUTS[outputs](scores)}

    module = tf.Module()
    module.predict = predict
    content = tf.lite.TFLiteConverter.from_concrete_functions([predict.get_concrete_function()], module).convert()
    sizes = {"image_size": [SIDE, SIDE], "size": [SIDE, SIDE], "output_stride": STRIDE}
    about = {"format": "deeplab-tf", "labels": SPEC.to_dict(), "pad_value": [127.5] * 3, "outputs": outputs, **sizes}
    file.write_bytes(with_side_file(content, about))
    return file


def _enlarged(scores: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.ResizeBilinear(images=scores, size=(SIDE, SIDE), align_corners=True)
