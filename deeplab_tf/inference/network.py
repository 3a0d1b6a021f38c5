"""A model as functions of whole images, arranged for prediction: the same results in fewer operations."""

from __future__ import annotations

import contextlib

import keras
import tensorflow as tf

from deeplab_tf.images.candidates import labels_among_candidates
from deeplab_tf.images.scaling import labels_of_size, probabilities_of_size, seen_within
from deeplab_tf.inference.folding import Folding
from deeplab_tf.inference.whole_image import canvas_size
from deeplab_tf.layers import ImageNormalization, ResizeLike, resize_aligned
from deeplab_tf.models import SegmentationModel


class InferenceNetwork:
    """Logits, labels and probabilities of a model for images of any size.

    Batch normalisation is folded into the convolutions, images are normalised before they are padded, and labels are
    made of the classes that can be best somewhere. A model of mixed precision is not folded, unless it is frozen.

    Args:
        model: The model; it stays untouched.
        frozen: Its present weights as constants, in float32: TensorFlow lays them out and fuses them once, not at
            every call. Else each call takes the model's weights of that moment.

    Example:
        >>> network = InferenceNetwork(model, frozen=True)
        >>> network.labels(tf.zeros((1, 375, 500, 3), tf.uint8), limit=(513, 513)).shape
        TensorShape([1, 375, 500])
    """

    def __init__(self, model: SegmentationModel, *, frozen: bool = False):
        self.output_stride, self.crop_size = model.output_stride, model.crop_size
        self._pad_value = tf.constant(model.pad_value, tf.float32)
        network = before_enlarging(model)
        self._folding = Folding(network) if frozen or is_float32(network) else None
        self._network = network if self._folding is None else self._folding.network
        self._constants = [value.numpy() for value in self._folding.weights()] if frozen else None
        self._normalize, self._rest = normalization_and_rest(self._network)
        # One function for all results, so that a file of several holds the weights once.
        image = tf.TensorSpec((None, None, None, model.input_shape[-1]), tf.uint8)
        self._of_padded = tf.function(self._run_padded, input_signature=[image], autograph=False)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, H, W, classes]`, of canvases, RGB, float `[B, H, W, 3]`, 0-255."""
        size = images.shape[1:3] if None not in images.shape[1:3] else tf.shape(images)[1:3]
        return resize_aligned(self.low_logits(images), size, "float32")

    def low_logits(self, images: tf.Tensor) -> tf.Tensor:
        """Logits as the network's head gives them, float32 `[B, h, w, classes]`, of canvases as above."""
        return self._run(self._rest, self._normalize(images))

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, H, W, classes]`, of whole images, RGB, uint8 `[B, H, W, 3]`."""
        height, width = _size(images)
        low, canvas = self._of_padded(images)
        return resize_aligned(low, canvas, "float32")[:, :height, :width]

    def labels(self, images: tf.Tensor, limit: tuple[int, int] | None = None) -> tf.Tensor:
        """Labels, int32 `[B, H, W]`, of whole images, uint8 `[B, H, W, 3]`, predicted within (height, width)."""
        seen, larger = seen_within(images, limit)
        height, width = _size(seen)
        low, canvas = self._of_padded(seen)

        def labels(scores):
            enlarged = resize_aligned(scores, canvas, "float32")[:, :height, :width]
            return labels_of_size(enlarged, _size(images), larger)

        return labels_among_candidates(low, labels, between_pixels=limit is not None)

    def probabilities(self, images: tf.Tensor, limit: tuple[int, int] | None = None) -> tf.Tensor:
        """Class probabilities, float32 `[B, H, W, classes]`, as for `labels`."""
        seen, larger = seen_within(images, limit)
        return probabilities_of_size(self.logits(seen), _size(images), larger)

    def _run_padded(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The low logits of padded images, and the size to which they were padded."""
        height, width = _size(images)
        canvas = canvas_size(height, width, self.output_stride, self.crop_size)
        padding = [[0, 0], [0, canvas[0] - height], [0, canvas[1] - width], [0, 0]]
        images = tf.cast(images, tf.float32)
        if self._normalize is _unchanged:
            low = self.low_logits(tf.pad(images - self._pad_value, padding) + self._pad_value)
        else:
            # What is padded is the value that normalisation makes zero.
            low = self._run(self._rest, tf.pad(self._normalize(images), padding))
        return low, tf.stack(canvas)

    def _run(self, network: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
        if self._folding is None:
            return tf.cast(network(inputs, training=False), tf.float32)
        weights = self._folding.weights() if self._constants is None else map(tf.constant, self._constants)
        values = dict(zip((weight.path for weight in self._network.weights), weights, strict=True))
        trainable, other = (
            [values.get(variable.path, variable) for variable in variables]
            for variables in (network.trainable_variables, network.non_trainable_variables)
        )
        return network.stateless_call(trainable, other, inputs, training=False)[0]


def _size(images: tf.Tensor) -> tuple:
    """(height, width), known or scalar tensors."""
    known = tuple(images.shape[1:3])
    return tuple(tf.unstack(tf.shape(images)[1:3])) if None in known else known


def is_float32(network: keras.Model) -> bool:
    """Whether no layer of it computes in another precision."""
    return all(layer.compute_dtype == "float32" for layer in network.layers)


def before_enlarging(model: SegmentationModel) -> keras.Model:
    """The network without its last step, the enlarging of the logits, where it has that."""
    for layer in model.layers:
        if isinstance(layer, ResizeLike) and layer.output is model.outputs[0]:
            return keras.Model(model.input, layer.input[0])
    return keras.Model(model.input, model.output)


def _unchanged(images: tf.Tensor) -> tf.Tensor:
    return images


def normalization_and_rest(network: keras.Model) -> tuple:
    """The normalisation of images and the network behind it; nothing and the network where others read images too."""
    for layer in network.layers:
        if isinstance(layer, ImageNormalization) and layer.input is network.inputs[0]:
            # Keras says so if anything else leads from the images to the logits.
            with contextlib.suppress(ValueError):
                return layer, keras.Model(layer.output, network.output)
    return _unchanged, network
