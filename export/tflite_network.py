"""A model in the form that TFLite runs best: one fixed size, padded inside, in operations that its kernels have."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.inference.folding import fold_batch_norm
from deeplab_tf.inference.network import before_enlarging, normalization_and_rest
from deeplab_tf.inference.whole_image import canvas_size
from deeplab_tf.layers import ImageNormalization, resize_aligned
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import LOW_SCORES

OUTPUTS = {
    "labels": lambda logits: tf.argmax(logits, -1, output_type=tf.int32),
    "probabilities": tf.nn.softmax,
    "logits": tf.identity,
}

# Begins the names of outputs that are there for the calibration alone.
BESIDE = "beside_"
# The float32 after 1/6: the converter joins steps with 1/6 itself to the one operation.
SIXTH = float(np.nextafter(np.float32(1 / 6), np.float32(1)))


def hard_swish_in_steps(x):
    """`relu6(x + 3) * (x / 6)`: XNNPACK has the steps, and lacks the one operation for them in 8 bits.

    The order matters in 8 bits. The converter sees a product written over its first factor and takes the range of both
    for that of the factor: 0 to 6 becomes little larger, and what x / 6 spans would become six times as large.
    """
    return keras.ops.relu6(x + 3.0) * (x * SIXTH)


class TFLiteNetwork(tf.Module):
    """What is converted to a `.tflite` file of a model.

    The image is padded inside to the form k x output stride + 1, in which the network sees every image (see
    `canvas_size`); the result is cut to the image.

    Args:
        model: With logits at full resolution; it stays untouched.
        size: (height, width) of the image.
        outputs: A key of `OUTPUTS`, or `LOW_SCORES`.
        integer: Whether 8-bit arithmetic follows. The graph then takes float32 numbers as `feed` makes them.

    Example:
        >>> network = TFLiteNetwork(DeepLabV3("mobilenet_v2"), (33, 33), "labels")
        >>> network.run(tf.zeros((1, 33, 33, 3), tf.uint8))["labels"].shape
        TensorShape([1, 33, 33])
    """

    def __init__(self, model: SegmentationModel, size: tuple[int, int], outputs: str, integer: bool = False):
        super().__init__()
        self.title, self.size, self.outputs = model.name, size, outputs
        self.canvas = canvas_size(*size, model.output_stride)
        network = _without_hard_swish(fold_batch_norm(before_enlarging(model)))
        if integer:
            network = keras.Model(network.inputs, [network.outputs[0], *_joined(network)])
        self._normalize, self._network = normalization_and_rest(network)
        # Keras's own attributes are not followed.
        self.weights = [variable.value for variable in self._network.variables]
        normalized = isinstance(self._normalize, ImageNormalization)
        # The network's zero is the padding of every predictor.
        self._pad_value = 0.0 if normalized else np.float32(model.pad_value)
        # An input has one quantisation; means are of each channel.
        self._outside = integer and normalized and np.ndim(self._normalize.offset) == 0
        dtype = tf.float32 if integer else tf.uint8
        self.run = tf.function(self._run, [tf.TensorSpec((1, *size, 3), dtype, name="image")], autograph=False)

    def feed(self, image: np.ndarray) -> np.ndarray:
        """float32 `[1, H, W, 3]` for an image of `size`, uint8 `[H, W, 3]`: what the 8-bit graph calls its input."""
        values = image[None].astype(np.float32)
        # 8-bit networks have their zero at 128, which is also what their padding is.
        return (values - 128) * np.float32(self._normalize.scale) if self._outside else values

    def padded(self, images, value):
        """Images of `size`, float `[B, H, W, 3]`, padded with a value at the bottom and on the right to `canvas`."""
        if self.canvas == self.size:
            return images
        bottom, right = np.subtract(self.canvas, self.size)
        padding = [[0, 0], [0, bottom], [0, right], [0, 0]]
        return tf.pad(images - value, padding) + value if np.any(value) else tf.pad(images, padding)

    def _run(self, image):
        values = image if self._outside else self._normalize(tf.cast(image, tf.float32))
        logits, *joined = tf.nest.flatten(self._network(self.padded(values, self._pad_value), training=False))
        beside = {f"{BESIDE}{index}": value for index, value in enumerate(joined)}
        if self.outputs == LOW_SCORES:
            return {LOW_SCORES: logits, **beside}
        logits = resize_aligned(logits, self.canvas, "float32")
        if self.canvas != self.size:
            logits = logits[:, : self.size[0], : self.size[1]]
        return {self.outputs: OUTPUTS[self.outputs](logits), **beside}


def _joined(network: keras.Model) -> list:
    """What sums and products are made of.

    The converter writes a sum over one of its parts, and takes the sum's range for that of the part as well, which is
    then stored too coarsely. It does not write over what is an output.
    """
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Add | keras.layers.Multiply)]
    return list({id(tensor): tensor for layer in layers for tensor in keras.tree.flatten(layer.input)}.values())


def _without_hard_swish(model: keras.Model) -> keras.Model:
    def is_swish(layer) -> bool:
        return isinstance(layer, keras.layers.Activation) and layer.activation is keras.activations.hard_swish

    if not any(is_swish(layer) for layer in model.layers):
        return model

    def clone(layer):
        steps = {"activation": hard_swish_in_steps} if is_swish(layer) else {}
        return type(layer).from_config(layer.get_config() | steps)

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy
