"""One cell of the supernet: every operation on every edge, mixed by alpha; its incoming links, mixed by beta.

What reads one state is computed as one: the operations of a kind on all the edges that leave it. Links lie behind each
other on the batch axis. So a cell of the paper's size takes about 250 operations of TensorFlow instead of 1,500.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.backbones.genotype import INPUT_STATES
from deeplab_tf.layers.resize import resize_in_training
from deeplab_tf.nas.space import OPERATIONS

EPSILON = 1e-3
RATE = 2
# Of OPERATIONS, those with kernels; what follows has none, and the last is zero.
CONVOLUTIONS = 4
PARAMETERLESS, ZEROS = len(OPERATIONS) - CONVOLUTIONS - 1, 1


@dataclasses.dataclass(frozen=True)
class CellShape:
    """Sizes of what one cell holds.

    Args:
        blocks: Sums of two operations.
        filters: Channels of its states.
    """

    blocks: int
    filters: int

    @functools.cached_property
    def readers(self) -> tuple[int, ...]:
        """How many blocks read each state that is read: all of them the inputs, those after it a block."""
        return tuple(self.blocks - max(0, state - 1) for state in range(self.blocks + INPUT_STATES - 1))

    @property
    def edges(self) -> int:
        """Number of edges."""
        return sum(self.readers)

    @functools.cached_property
    def kernels(self) -> dict[str, tuple[tuple[int, ...], int]]:
        """Shape of each kind of kernel, for all edges, and what one output sums. Edges are ordered by their state."""
        edges, filters = self.edges, self.filters
        shapes = {}
        for size in (3, 5):
            window = size * size
            shapes[f"separable_{size}_depthwise_1"] = (size, size, filters, edges), window
            shapes[f"separable_{size}_pointwise_1"] = (edges, filters, filters), filters
            shapes[f"separable_{size}_depthwise_2"] = (size, size, edges, filters), window
            shapes[f"separable_{size}_pointwise_2"] = (edges, filters, filters), filters
            shapes[f"atrous_{size}"] = (size, size, filters, edges, filters), window * filters
        return shapes

    def split(self, name: str, kernel: tf.Tensor) -> list[tf.Tensor]:
        """The parts of a kernel for each state."""
        axis = {"pointwise": 0, "depthwise_1": 3, "depthwise_2": 2, "atrous": 3}
        found = next(place for part, place in axis.items() if part in name)
        return tf.split(kernel, self.readers, axis=found)

    def statistics(self, links: int) -> int:
        """How many channels are normalised: of the links and the second input, and of two stages on each edge."""
        return self.filters * (links + 1 + (2 + CONVOLUTIONS) * self.edges)


def fan_out(x: tf.Tensor, readers: int) -> list[tf.Tensor]:
    """The tensor once for each reader, with a gradient that is added in a fixed order.

    TensorFlow adds more than two gradients in the order in which their memory is free.
    """

    @tf.custom_gradient
    def copies(x):
        return [tf.identity(x) for _ in range(readers)], lambda *gradients: functools.reduce(tf.add, gradients)

    return copies(x) if readers > 1 else [x]


class Normalization:
    """Batch normalisation without learnt scale and shift, as the search has it; gathers the statistics.

    Args:
        moving: `[2, channels]`, mean and variance of all that is normalised, in order; None measures them.
    """

    def __init__(self, moving: tf.Tensor | None):
        self.moving = moving
        self.used = 0
        self.measured: list[tuple[tf.Tensor, tf.Tensor]] = []

    def normalized(self, x: tf.Tensor, scale: tf.Tensor | None = None) -> tf.Tensor:
        """`x` with mean 0 and deviation 1, or `scale`, of each channel."""
        channels = x.shape[-1]
        scale = _filled(1.0, channels) if scale is None else scale
        training, mean, variance = self.moving is None, _filled(0.0, 0), _filled(0.0, 0)
        if not training:
            mean, variance = tf.unstack(self.moving[:, self.used : self.used + channels])
            self.used += channels
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=_filled(0.0, channels), mean=mean, variance=variance, epsilon=EPSILON,
            is_training=training,
        )  # fmt: skip
        self.measured.append((mean, variance))
        return outputs

    def gathered(self) -> tf.Tensor:
        """What was measured, `[2, channels]`."""
        return tf.stack([tf.concat(part, 0) for part in zip(*self.measured)])


def mixed_cell(
    links: Sequence[tf.Tensor],
    previous: tf.Tensor,
    inputs: Sequence[tf.Tensor],
    kernels: dict[str, tf.Tensor],
    alpha: tf.Tensor,
    shares: tf.Tensor,
    moving: tf.Tensor | None,
    shape: CellShape,
) -> tuple[tf.Tensor, tf.Tensor]:
    """One node of the supernet.

    Args:
        links: The maps of the nodes before, `[B, h, w, C]`, each of its own size: twice, once or half this node's.
        previous: `[B, h, w, C]`, the second input of the cell, of any size.
        inputs: A kernel for each link, 3x3 for one that halves, and one for the second input.
        kernels: As `CellShape.kernels` has them.
        alpha: `[edges, operations]`, weights that are used as they are; rows ordered by the state they leave.
        shares: `[links]`, beta of each link.
        moving: As `Normalization` takes it.
        shape: Sizes.

    Returns:
        `[B, h, w, blocks x filters]`, and the statistics that `Normalization` measured.
    """
    norm = Normalization(moving)
    size = _size(links, inputs)
    first = [norm.normalized(_entered(link, kernel, size)) for link, kernel in zip(links, inputs)]
    second = norm.normalized(_entered(previous, inputs[-1], size))
    parts = {name: shape.split(name, kernel) for name, kernel in kernels.items()}
    mixtures = tf.split(alpha, shape.readers)
    count = len(links)

    def mixed(state: tf.Tensor, index: int) -> tf.Tensor:
        return _mixed_operations(state, {name: part[index] for name, part in parts.items()}, mixtures[index], norm)

    def apart(x: tf.Tensor) -> tf.Tensor:
        return tf.reshape(x, [count, -1, *size, x.shape[-1]])

    pending = mixed(tf.concat(first, 0) if count > 1 else first[0], 0)
    # The second input is the same for all links: computed once.
    pending = apart(pending) + mixed(second, 1)[None]
    pending = tf.reshape(pending, [-1, *size, shape.blocks * shape.filters])
    outputs = []
    # What is pending are the sums of the blocks to come; the next one is complete.
    for state in range(INPUT_STATES, len(shape.readers)):
        block, pending = tf.split(pending, [shape.filters, pending.shape[-1] - shape.filters], axis=-1)
        output, block = fan_out(block, 2)
        outputs.append(output)
        pending += mixed(block, state)
    output = apart(tf.concat([*outputs, pending], -1)) * tf.reshape(shares, [count, 1, 1, 1, 1])
    return tf.reduce_sum(output, 0), norm.gathered()


def _mixed_operations(state: tf.Tensor, kernels: dict, alpha: tf.Tensor, norm: Normalization) -> tf.Tensor:
    """All operations on one state for all its readers, `[B, h, w, readers x filters]`."""
    readers, filters = alpha.shape[0], state.shape[-1]
    active, *pooled = fan_out(state, 4)
    small, large, dense = fan_out(tf.nn.relu(active), 3)
    stages = [
        _pointwise(
            _depthwise(x, kernels[f"separable_{size}_depthwise_1"]), kernels[f"separable_{size}_pointwise_1"], True
        )
        for x, size in ((small, 3), (large, 5))
    ]
    stages = tf.split(tf.nn.relu(norm.normalized(tf.concat(stages, -1))), 2, axis=-1)
    for index, size in enumerate((3, 5)):
        kernel = kernels[f"separable_{size}_depthwise_2"]
        kernel = tf.reshape(kernel, [*kernel.shape[:2], readers * filters, 1])
        stages[index] = _pointwise(_depthwise(stages[index], kernel), kernels[f"separable_{size}_pointwise_2"], False)
    stages.append(_atrous(dense, [kernels["atrous_3"], kernels["atrous_5"]]))
    # The mixture is the scale of the normalisation.
    by_operation = tf.split(tf.transpose(alpha), [CONVOLUTIONS, PARAMETERLESS, ZEROS])
    scale = tf.tile(tf.reshape(by_operation[0], [-1, 1]), [1, filters])
    convolved = norm.normalized(tf.concat(stages, -1), tf.reshape(scale, [-1]))
    average = tf.nn.avg_pool2d(pooled[0], 3, 1, "SAME")
    largest = tf.nn.max_pool2d(pooled[1], 3, 1, "SAME")
    simple = tf.concat([average, largest, pooled[2]], -1)
    # kernel[(operation, channel), (reader, channel)]
    kernel = tf.reshape(by_operation[1], [PARAMETERLESS, 1, readers, 1]) * _eye(1, filters, 1, filters)
    simple = _product(simple, tf.reshape(kernel, [-1, readers * filters]))
    total = simple
    for part in tf.split(convolved, CONVOLUTIONS, axis=-1):
        total += part
    return total


def _filled(value: float, count: int) -> tf.Tensor:
    """A vector, as one node of the graph, of which it is kept small."""
    return tf.constant(value, shape=(count,))


def _eye(*shape: int) -> tf.Tensor:
    """The unit matrix in the two axes that are not 1, as one node."""
    side = max(shape)
    return tf.constant(np.eye(side, dtype=np.float32), shape=shape)


def _depthwise(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME")


def _pointwise(x: tf.Tensor, kernel: tf.Tensor, by_channel: bool) -> tf.Tensor:
    """A product for each reader's channels, as one with zeros between them: many small ones take longer.

    Args:
        x: `[B, h, w, channels]`, ordered by channel then reader, or by reader then channel.
        kernel: `[readers, filters, filters]`.
        by_channel: Whether the channels come first.
    """
    readers, filters, _ = kernel.shape
    if by_channel:
        kernel = tf.reshape(tf.transpose(kernel, [1, 0, 2]), [filters, readers, 1, filters])
        kernel *= _eye(1, readers, readers, 1)
    else:
        kernel = tf.reshape(kernel, [readers, filters, 1, filters]) * _eye(readers, 1, readers, 1)
    return _product(x, tf.reshape(kernel, [readers * filters, readers * filters]))


def _product(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A 1x1 convolution. As a product of matrices its gradient takes a third of the time on small maps."""
    product = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), kernel)
    return tf.reshape(product, [-1, *x.shape[1:-1], kernel.shape[-1]])


def _atrous(x: tf.Tensor, kernels: Sequence[tf.Tensor]) -> tf.Tensor:
    """Convolutions of rate 2 on one map, their outputs behind each other. TensorFlow has no gradient of its own."""
    height, width = x.shape[1:3]
    rest = [[0, height % RATE], [0, width % RATE]]
    phases = fan_out(tf.space_to_batch(x, [RATE, RATE], rest), len(kernels))
    convolved = [
        tf.nn.conv2d(phase, tf.reshape(kernel, [*kernel.shape[:3], -1]), 1, "SAME")
        for phase, kernel in zip(phases, kernels)
    ]
    return tf.batch_to_space(tf.concat(convolved, -1), [RATE, RATE], rest)


def _entered(x: tf.Tensor, kernel: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """A map of a node before at this node's size and with its channels, before the normalisation."""
    if kernel.shape[0] > 1:
        x = tf.pad(tf.nn.relu(x), [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.nn.conv2d(x, kernel, 2, "VALID")
    if tuple(x.shape[1:3]) != tuple(size):
        x = resize_in_training(x, size)
    return _product(tf.nn.relu(x), kernel[0, 0])


def _size(links: Sequence[tf.Tensor], inputs: Sequence[tf.Tensor]) -> tuple[int, int]:
    """The node's height and width."""
    for link, kernel in zip(links, inputs):
        if kernel.shape[0] > 1:
            return tuple(math.ceil(side / 2) for side in link.shape[1:3])
    return tuple(links[0].shape[1:3])
