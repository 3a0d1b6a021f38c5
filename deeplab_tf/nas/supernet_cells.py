"""All the cells of the supernet: a node for each layer and stride, and what flows between them (section 3.2)."""

from __future__ import annotations

import collections
import dataclasses
import functools
import math

import keras
import tensorflow as tf

from deeplab_tf.nas.mixed_cell import CellShape, fan_out, mixed_cell
from deeplab_tf.nas.space import MOVES, STEM_MAPS, SearchSpace

# Small at first, so that all operations and links begin alike (section 5.1).
ARCHITECTURE_SPREAD = 1e-3
MOMENTUM = 0.97
WEIGHTS, ARCHITECTURE = "weights", "architecture"


@keras.saving.register_keras_serializable(package="deeplab_tf")
class SupernetCells(keras.layers.Layer):
    """The relaxed network between stem and heads.

    Args:
        space: A `SearchSpace`, or its fields.
        recompute: Keep the nodes' outputs only, and compute what lies between again for the gradient: about a fifth
            more time, and less memory.
        seed: Of the initial values.
        **kwargs: As for `keras.layers.Layer`.

    Attributes:
        alpha: Logits of the operations, `space.alpha_shape`.
        beta: Logits of the links, `space.beta_shape`.
        learns: `weights` or `architecture`: of what gradients are taken where a graph is made; None for both.
        fixed: Weights of operations and links that a graph takes instead of the softmax of alpha and beta, as `one_hot`
            gives them; None for the softmax.

    Call arguments:
        inputs: The stem's maps at stride 2 and 4, float32 `[B, h, w, C]`, h and w known.

    Returns:
        The last layer's map at each level, `[B, h, w, blocks x filters x 2 ** level]`.

    Example:
        >>> cells = SupernetCells(SearchSpace(layers=3, blocks=2, filters=4))
        >>> [map.shape[-1] for map in cells([tf.zeros((1, 65, 65, 64)), tf.zeros((1, 33, 33, 128))])]
        [8, 16, 32, 64]
    """

    def __init__(self, space: SearchSpace | dict, recompute: bool = False, seed: int = 0, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.space = space if isinstance(space, SearchSpace) else SearchSpace(**space)
        self.recompute, self.seed = recompute, seed
        self.learns: str | None = None
        self.fixed: tuple | None = None
        self._graphs: dict = {}

    def build(self, input_shape):
        space = self.space
        seeds = keras.random.SeedGenerator(self.seed)
        normal = keras.initializers.RandomNormal(stddev=ARCHITECTURE_SPREAD, seed=self.seed)
        self.alpha = self.add_weight(space.alpha_shape, normal, name="alpha")
        self.beta = self.add_weight(space.beta_shape, normal, name="beta")
        self._shapes = [CellShape(space.blocks, space.filters * 2**level) for level in space.levels(space.layers - 1)]
        layers = [[layer for layer, found in space.cells if found == level] for level in range(len(self._shapes))]
        self._first = [found[0] for found in layers]
        self.kernels = [
            {
                name: self._kernel(f"level_{level}.{name}", (len(layers[level]), *kernel), fan_in, seeds)
                for name, (kernel, fan_in) in shape.kernels.items()
            }
            for level, shape in enumerate(self._shapes)
        ]
        channels = {(STEM_MAPS[index], 0): shape[-1] for index, shape in enumerate(input_shape)}
        channels |= {(layer, level): space.blocks * space.filters * 2**level for layer, level in space.cells}
        self.inputs_of: dict = {}
        self.statistics: dict = {}
        for layer, level in space.cells:
            scope, shape = f"cell_{layer}_{level}", self._shapes[level]
            sources = [*((layer - 1, left) for left in space.entering(layer, level)), space.second_input(layer, level)]
            sizes = [*(3 if left < level else 1 for left in space.entering(layer, level)), 1]
            self.inputs_of[layer, level] = [
                self._kernel(
                    f"{scope}.input_{index}", (size, size, channels[source], shape.filters),
                    size * size * channels[source], seeds,
                )
                for index, (source, size) in enumerate(zip(sources, sizes))
            ]  # fmt: skip
            self.statistics[layer, level] = self.add_weight(
                (2, shape.statistics(len(sizes) - 1)), _unmeasured, trainable=False, aggregation="mean",
                name=f"{scope}.statistics",
            )  # fmt: skip
        self.updates = self.add_weight(
            (), "zeros", dtype="int32", trainable=False, aggregation="only_first_replica", name="updates"
        )
        # How often each map is read: by the links, as a second input, and by the heads.
        reads = [(space.layers - 1, level) for level in space.levels(space.layers - 1)]
        for layer, level in space.cells:
            reads += [(layer - 1, left) for left in space.entering(layer, level)]
            reads.append(space.second_input(layer, level))
        self._readers = dict(collections.Counter(reads))

    def _kernel(self, name: str, shape: tuple[int, ...], fan_in: int, seeds) -> keras.Variable:
        limit = math.sqrt(3 / fan_in)
        return self.add_weight(shape, keras.initializers.RandomUniform(-limit, limit, seed=seeds), name=name)

    @property
    def architecture(self) -> list[keras.Variable]:
        """Alpha and beta."""
        return [self.alpha, self.beta]

    def relaxed(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Alpha and beta as weights: each edge's operations and each node's outgoing links sum to 1."""
        if self.fixed is not None:
            return tuple(tf.constant(part, tf.float32) for part in self.fixed)
        mask = tf.constant(self.space.link_mask)
        beta = tf.where(mask, tf.convert_to_tensor(self.beta), -float("inf"))
        # Nodes that do not exist have no link at all.
        shares = tf.nn.softmax(tf.where(tf.reduce_any(mask, -1, keepdims=True), beta, 0.0))
        return tf.nn.softmax(tf.convert_to_tensor(self.alpha)), shares

    def call(self, inputs, training=False):
        space, training = self.space, bool(training)
        alpha, shares = self.relaxed()
        kernels = [
            [dict(zip(level, parts)) for parts in zip(*(tf.unstack(kernel) for kernel in level.values()))]
            for level in self.kernels
        ]
        by_state = sorted(range(len(space.edges)), key=lambda row: space.edges[row][::-1])
        mixtures = iter(fan_out(tf.gather(alpha, by_state), len(space.cells)))
        maps = {}
        for moment, x in zip(STEM_MAPS, inputs):
            maps[moment, 0] = iter(fan_out(x, self._readers[moment, 0]))
        measured = {}
        for layer, level in space.cells:
            entering = space.entering(layer, level)
            links = [next(maps[layer - 1, left]) for left in entering]
            second = next(maps[space.second_input(layer, level)])
            moving = None if training else tf.convert_to_tensor(self.statistics[layer, level])
            arguments = (
                links, second, [tf.convert_to_tensor(kernel) for kernel in self.inputs_of[layer, level]],
                kernels[level][layer - self._first[level]], next(mixtures),
                tf.stack([shares[layer, left, MOVES.index(level - left)] for left in entering]), moving,
            )  # fmt: skip
            x, measured[layer, level] = self._computed(level, arguments)
            maps[layer, level] = iter(fan_out(x, self._readers[layer, level]))
        if training:
            self._remember(measured)
        return [next(maps[space.layers - 1, level]) for level in space.levels(space.layers - 1)]

    def _computed(self, level: int, arguments: tuple):
        if not self.recompute or arguments[-1] is not None:
            return self._graph(self._node, level)(*arguments)
        arguments = arguments[:-1]

        @tf.custom_gradient
        def again(*tensors):
            def gradients(upstream, _):
                found = self._graph(self._gradients, level)(upstream, *tf.nest.pack_sequence_as(arguments, tensors))
                learnt = iter(found)
                return [next(learnt) if wanted else None for wanted in self._wanted(arguments)]

            return self._graph(self._node, level)(*tf.nest.pack_sequence_as(arguments, tensors), None), gradients

        return again(*tf.nest.flatten(arguments))

    def _graph(self, function, level: int):
        """One graph for all nodes of a level that are alike, which is called and not copied."""
        key = function.__name__, level, self.learns
        if key not in self._graphs:
            part = functools.partial(function, self._shapes[level])
            self._graphs[key] = tf.function(part, autograph=False, experimental_attributes={"_noinline": True})
        return self._graphs[key]

    def _node(self, shape: CellShape, links, second, inputs, kernels, mixture, shares, moving):
        if self.learns == ARCHITECTURE:
            inputs, kernels = tf.nest.map_structure(tf.stop_gradient, (inputs, kernels))
        if self.learns == WEIGHTS:
            mixture, shares = tf.stop_gradient(mixture), tf.stop_gradient(shares)
        return mixed_cell(links, second, inputs, kernels, mixture, shares, moving, shape)

    def _gradients(self, shape: CellShape, upstream, *arguments):
        """Of the arguments that `_wanted` names, with the node computed anew."""
        wanted = [tensor for tensor, one in zip(tf.nest.flatten(arguments), self._wanted(arguments)) if one]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(wanted)
            outputs, _ = mixed_cell(*arguments, None, shape)
        return tape.gradient(outputs, wanted, upstream)

    def _wanted(self, arguments: tuple) -> list[bool]:
        """Of which of a node's tensors a gradient is taken: of the maps always, for the nodes before."""
        links, second, inputs, kernels, mixture, shares = arguments
        weights, architecture = self.learns != ARCHITECTURE, self.learns != WEIGHTS
        parts = ((links, second), True), ((inputs, kernels), weights), ((mixture, shares), architecture)
        return [wanted for tensors, wanted in parts for _ in tf.nest.flatten(tensors)]

    def _remember(self, measured: dict) -> None:
        """Moves the statistics; at first, while there are few, faster."""
        count = tf.cast(tf.convert_to_tensor(self.updates), tf.float32)
        momentum = tf.minimum(MOMENTUM, (1.0 + count) / (10.0 + count))
        for key, batch in measured.items():
            moving = self.statistics[key]
            moving.assign(moving * momentum + batch * (1.0 - momentum))
        self.updates.assign(self.updates + 1)

    def compute_output_shape(self, input_shape):
        space = self.space
        batch, *size = input_shape[1][:3]
        return [
            (batch, *(math.ceil(side / 2**level) for side in size), space.blocks * space.filters * 2**level)
            for level in space.levels(space.layers - 1)
        ]

    def get_config(self):
        own = {"space": dataclasses.asdict(self.space), "recompute": self.recompute, "seed": self.seed}
        return {**super().get_config(), **own}


def _unmeasured(shape, dtype=None):
    return tf.stack([tf.zeros(shape[1], dtype), tf.ones(shape[1], dtype)])
