"""What each layer of a functional model costs at a given image size, found from shapes alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from deeplab_tf.checks import expect, is_whole, plain
from deeplab_tf.cost.parts import PYRAMID, SCALES, Place, place
from deeplab_tf.cost.report import Group, LayerCost, ModelCost
from deeplab_tf.layers import ResizeLike


def model_cost(model: keras.Model, input_shape: Sequence[int] = (513, 513)) -> ModelCost:
    """Counts parameters and multiply-adds of a model for one image.

    Multiply-adds are those of convolutions and fully connected layers, one for each weight that meets a position of
    the output, as papers count them; zeros that pad a map count like any value. Not counted are biases,
    normalisation (which folds into the convolutions), activations, poolings, sums and resizes. The published figures
    of networks with dense atrous convolutions are up to 10 % larger: they were measured where such a convolution
    padded its map to a multiple of its rate.

    Nothing is computed and no variable is made: the model is called once with symbolic images.

    Args:
        model: Any functional model of one image input, nested ones included; its own H and W may be unknown.
        input_shape: `(H, W)` or `(H, W, C)` of the image, in pixels.

    Returns:
        The counts by layer, by group and in total.

    Raises:
        ValueError: If the model is not functional, has several inputs, or the size is not possible.

    Example:
        >>> cost = model_cost(DeepLabV3("mobilenet_v2", atrous_rates=()))
        >>> cost.parameters, round(cost.multiply_adds / 1e9, 2)
        (2113557, 2.74)
    """
    size = _image_size(model, input_shape)
    walk = _Walk()
    walk.through(model, keras.Input(size, dtype=model.inputs[0].dtype))
    return walk.cost(_title(model), size)


def _image_size(model, input_shape: Sequence[int]) -> tuple[int, int, int]:
    inputs = getattr(model, "inputs", None)
    if not isinstance(model, keras.Model) or not inputs or len(inputs) != 1 or len(inputs[0].shape) != 4:
        raise ValueError(
            f"The cost of a functional Keras model of one image input can be counted; received {model!r}. "
            "Give one of this package's models, or keras.Model(images, outputs)."
        )
    channels = inputs[0].shape[3]
    size = tuple(input_shape) if len(input_shape) == 3 else (*input_shape, channels)
    valid = len(size) == 3 and all(is_whole(side, 1) for side in size) and size[2] == channels
    expected = f"the height and the width of an image of {channels} channels"
    expect(valid, "input_shape", tuple(input_shape), expected, "Try (513, 513).")
    return plain(size)


def _title(model) -> str:
    backbone = getattr(model, "backbone_name", None)
    if backbone is None:
        return model.name
    return f"{type(model).__name__} {backbone}, output stride {model.output_stride}, {model.classes} classes"


class _StandIn(keras.Operation):
    """Takes a layer's place in a copy of the graph: it has the layer's shapes and no weights."""

    def __init__(self, original: keras.Operation):
        super().__init__(name=original.name)
        self.original = original

    def call(self, *args, **kwargs):
        return self.original(*args, **kwargs)

    def compute_output_spec(self, *args, **kwargs):
        return self.original.compute_output_spec(*args, **kwargs)


class _Walk:
    """Calls every layer on symbolic maps and keeps what that tells."""

    def __init__(self):
        self.layers: dict[str, LayerCost] = {}
        self.groups: dict[Place, Group] = {}
        self.by_scale: dict[float, int] = {}
        # Of every symbolic map, by identity: the group that made it, and the scale of the image that it shows. The
        # maps themselves are kept, lest another one take over an identity.
        self.origins: dict[int, tuple[Place | None, float]] = {}
        self.maps: list = []

    def through(self, model: keras.Model, images, prefix: str = "") -> None:
        """Follows the graph of `model` from symbolic inputs to its outputs."""

        def call(stand_in, *args, **kwargs):
            outputs, layer = stand_in(*args, **kwargs), stand_in.original
            maps = [value for value in keras.tree.flatten((args, kwargs)) if isinstance(value, keras.KerasTensor)]
            if isinstance(layer, keras.Model):
                self._nested(layer, maps, outputs, f"{prefix}{layer.name}/")
            elif isinstance(layer, keras.Layer):
                self._note(layer, f"{prefix}{layer.name}", maps, outputs)
            else:
                # A bare operation of Keras's, such as a conversion, holds nothing and passes on what it got.
                for value in keras.tree.flatten(outputs):
                    self._keep(value, *self._origin(maps[0]))
            return outputs

        # A bare model over the same graph: cloning must not copy how the model is trained.
        bare = keras.Model(_one_or_all(model.inputs), model.outputs)
        keras.models.clone_model(bare, input_tensors=images, clone_function=_StandIn, call_function=call)

    def _nested(self, model, maps: list, outputs, prefix: str) -> None:
        inner = [keras.Input(batch_shape=value.shape, dtype=value.dtype) for value in maps]
        for symbol, value in zip(inner, maps):
            self._keep(symbol, *self._origin(value))
        self.through(model, _one_or_all(inner), prefix)
        last = next(reversed(self.layers.values()))
        for value in keras.tree.flatten(outputs):
            self._keep(value, Place(last.part, last.group), self._origin(maps[0])[1])

    def _keep(self, value, group: Place | None, scale: float) -> None:
        self.maps.append(value)
        self.origins[id(value)] = (group, scale)

    def _origin(self, value) -> tuple[Place | None, float]:
        return self.origins.get(id(value), (None, 1.0))

    def _note(self, layer, name: str, maps: list, outputs) -> None:
        # The second map of a resize only tells it the size.
        read = maps[:1] if isinstance(layer, ResizeLike) else maps
        origins = [self._origin(value) for value in read]
        spot = place(name.rsplit("/", 1)[-1])
        scale = min((scale for _, scale in origins), default=1.0)
        if spot.part == PYRAMID:
            scale *= layer.get_config()["scale"]
        elif spot.group == SCALES:
            scale = max(scale for _, scale in origins)
        first, *_ = produced = keras.tree.flatten(outputs)
        for value in produced:
            self._keep(value, spot, scale)

        multiply_adds = _multiply_adds(layer, maps[0].shape, first.shape)
        known = self.layers.get(name)
        if known is None:
            known = self.layers[name] = _describe(layer, name, spot, maps[0].shape, first.shape)
        known.multiply_adds += multiply_adds or 0
        known.calls += 1
        known.counted &= multiply_adds is not None
        self.by_scale[scale] = self.by_scale.get(scale, 0) + (multiply_adds or 0)

        group = self.groups.setdefault(spot, Group(spot.part, spot.group, scale))
        group.inputs |= {origin for origin, _ in origins if origin is not None and origin != spot}
        group.reads_image |= any(origin is None for origin, _ in origins)
        # Where several scales share a network, the finest tells the strides.
        if scale >= group.scale:
            group.scale, group.output = scale, first.shape[1:]
        if known.calls == 1:
            group.layers.append(known)

    def cost(self, title: str, size: tuple[int, int, int]) -> ModelCost:
        """What was found, groups in the order of the network."""
        return ModelCost(title, size, list(self.layers.values()), _ordered(self.groups), self.by_scale)


def _one_or_all(values: list):
    return values[0] if len(values) == 1 else values


def _multiply_adds(layer, taken: Sequence[int], given: Sequence[int]) -> int | None:
    """Of one call; None where the layer has matrices that no rule here knows."""
    layers = keras.layers
    if isinstance(layer, layers.SeparableConv2D):
        return _positions(given) * (math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape))
    if isinstance(layer, layers.Conv2DTranspose):
        return _positions(taken) * math.prod(layer.kernel.shape)
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.Dense):
        return _positions(given) * math.prod(layer.kernel.shape)
    return None if any(len(weight.shape) > 1 for weight in layer.weights) else 0


def _positions(shape: Sequence[int]) -> int:
    return math.prod(shape[1:-1])


def _describe(layer, name: str, spot: Place, taken: Sequence[int], given: Sequence[int]) -> LayerCost:
    def values(weights) -> int:
        return sum(math.prod(weight.shape) for weight in weights)

    settings = layer.get_config()
    return LayerCost(
        name=name,
        kind=type(layer).__name__,
        part=spot.part,
        group=spot.group,
        input=tuple(taken[1:]),
        output=tuple(given[1:]),
        kernel=_pair(settings.get("kernel_size")),
        stride=_pair(settings.get("strides")),
        rate=_pair(settings.get("dilation_rate")),
        parameters=values(weight for weight in layer.weights if not weight.name.startswith("moving_")),
        trainable=values(layer.trainable_weights),
        values=values(layer.weights),
    )


def _pair(value) -> tuple[int, ...] | None:
    if value is None:
        return None
    return (value, value) if isinstance(value, int) else tuple(value)


def _ordered(groups: dict[Place, Group]) -> list[Group]:
    """The groups by their longest way from the image; sets the column of each."""
    columns: dict[Place, int] = {}

    def column(spot: Place) -> int:
        if spot not in columns:
            columns[spot] = 1 + max((column(source) for source in groups[spot].inputs), default=-1)
        return columns[spot]

    for spot, group in groups.items():
        group.column = column(spot)
    return sorted(groups.values(), key=lambda group: (group.column, len(group.name), group.name))
