"""ResNet v1 (arXiv 1512.03385) with atrous convolution, in the release's two forms and in that of DeepLabv2."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.backbones.multi_grid import check_multi_grid
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import whole
from deeplab_tf.layers import Norm, conv_bn, normalize_images

BLOCK_FILTERS = (64, 128, 256, 512)
MAX_CASCADE_BLOCKS = 3
GREY = (127.5, 127.5, 127.5)
RELEASE_MEAN = (123.15, 115.90, 103.06)
# Of Caffe's ImageNet models, here as RGB.
CAFFE_MEAN = (122.675, 116.669, 104.008)


@dataclasses.dataclass(frozen=True)
class Depth:
    """What makes a depth: units of blocks 1-4, the form of a unit, where the decoder taps are.

    Args:
        units: Number of units in each block.
        bottleneck: 1x1, 3x3, 1x1 to four times the channels; else two 3x3.
        taps: By stride, (block, unit) whose last convolution's normalised output, before the sum, is the tap.
    """

    units: tuple[int, ...]
    bottleneck: bool
    taps: dict[int, tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class Kind:
    """What makes a form of the network.

    Args:
        stem: Of each convolution before the pooling: name, side of the kernel, fraction of `BLOCK_FILTERS[0]`.
        mean: RGB value (0-255) that is subtracted; None scales the image to -1 to 1 instead.
        stride_first: The stride is in a block's first unit and in that unit's first convolution; else in its last
            unit and in that unit's last 3x3 convolution.
        freezes_scale: Frozen statistics freeze the normalisation's scale and shift too.
    """

    stem: tuple[tuple[str, int, float], ...]
    mean: tuple[float, float, float] | None
    stride_first: bool = False
    freezes_scale: bool = False


DEPTHS = {
    18: Depth((2, 2, 2, 2), bottleneck=False, taps={4: (1, 1), 8: (2, 1), 16: (3, 1)}),
    50: Depth((3, 4, 6, 3), bottleneck=True, taps={4: (1, 2), 8: (2, 3), 16: (3, 5)}),
    101: Depth((3, 4, 23, 3), bottleneck=True, taps={4: (1, 2), 8: (2, 3), 16: (3, 22)}),
}
KINDS = {
    "": Kind((("conv1", 7, 1),), RELEASE_MEAN),
    "_beta": Kind((("conv1_1", 3, 1), ("conv1_2", 3, 1), ("conv1_3", 3, 2)), None),
    "_v2": Kind((("conv1", 7, 1),), CAFFE_MEAN, stride_first=True, freezes_scale=True),
}
# The stem of ResNet-18 beta has a quarter of the channels.
BETA_18_SHARE = 0.25


def unit_name(depth: int, block: int, unit: int) -> str:
    """Scope of a unit, both numbers from 1, `.` for `/`."""
    form = "bottleneck_v1" if DEPTHS[depth].bottleneck else "lite_bottleneck_v1"
    return f"resnet_v1_{depth}.block{block}.unit_{unit}.{form}"


def resnet(
    images,
    *,
    depth: int,
    kind: str = "_beta",
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    multi_grid: Sequence[int] | None = None,
    cascade_blocks: int = 0,
    frozen_statistics: bool = False,
) -> Features:
    """Builds a ResNet without its classifier.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        depth: 18, 50 or 101.
        kind: `""`, the release's with one 7x7 convolution before the pooling; `"_beta"`, the release's with three
            3x3 ones; `"_v2"`, DeepLabv2's, of Microsoft's strides.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0; they stay multiples of 8.
        multi_grid: Relative rates, one per unit, in block 4 and in the cascade's blocks; all 1 when left out.
        cascade_blocks: Number of copies of block 4, of rising rates, after it (v3 paper, section 3.2): 0-3.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training; of kind `"_v2"`, the
            scale and shift too.

    Returns:
        The last map, 2048 (ResNet-18: 512) x depth_multiplier channels, and decoder taps at strides 4, 8, and 16.

    Raises:
        ValueError: If an argument is not possible.

    Example:
        >>> resnet(keras.Input((513, 513, 3)), depth=50).last.shape
        (None, 33, 33, 2048)
    """
    if depth not in DEPTHS or kind not in KINDS:
        raise ValueError(
            f"No ResNet of depth {depth} and kind {kind!r}; depths are {sorted(DEPTHS)}, kinds {sorted(KINDS)}."
        )
    plan, form = DEPTHS[depth], KINDS[kind]
    remedy = "The paper tries 0 to 3."
    cascade_blocks = whole("cascade_blocks", cascade_blocks, least=0, most=MAX_CASCADE_BLOCKS, remedy=remedy)
    grid = check_multi_grid(multi_grid, plan.units[-1])
    rule, scaled = AtrousRule(output_stride), Width(depth_multiplier)
    norm = Norm(0.95, 1e-5, frozen_statistics, trainable=not (frozen_statistics and form.freezes_scale))

    stem = _stem_filters(depth, kind)
    x = _stem(images, depth, kind, rule, norm, [scaled(filters) for filters in stem])
    # Published channels, by which a shortcut is a convolution or not at every width.
    channels = stem[-1]
    blocks = list(zip(plan.units, BLOCK_FILTERS)) + [(plan.units[-1], BLOCK_FILTERS[-1])] * cascade_blocks
    places = {place: stride for stride, place in plan.taps.items()}
    taps = {}
    for block, (units, filters) in enumerate(blocks, start=1):
        # Stride-first networks halve the map on entering a block, the others on leaving it.
        strided = block > 1 if form.stride_first else block < len(blocks)
        expanded = 4 * filters if plan.bottleneck else filters
        for unit in range(1, units + 1):
            stride = 2 if strided and unit == (1 if form.stride_first else units) else 1
            stride, rate = rule.step(stride)
            x, tap = _unit(
                x,
                scaled(filters),
                name=unit_name(depth, block, unit),
                norm=norm,
                bottleneck=plan.bottleneck,
                projects=channels != expanded,
                stride=stride,
                stride_first=form.stride_first,
                # What follows a stride inside the unit has the rate that the stride would have made needless.
                rates=(rate, rule.rate if form.stride_first else rate),
                unit_rate=grid[unit - 1] if block >= len(BLOCK_FILTERS) else 1,
            )
            channels = expanded
            if places.get((block, unit), output_stride + 1) <= output_stride:
                taps[places[block, unit]] = tap
    return Features(x, taps)


def _stem_filters(depth: int, kind: str) -> list[int]:
    """Published channels of the convolutions before the pooling."""
    narrowing = BETA_18_SHARE if (depth, kind) == (18, "_beta") else 1
    return [int(BLOCK_FILTERS[0] * fraction * narrowing) for *_, fraction in KINDS[kind].stem]


def _stem(images, depth: int, kind: str, rule: AtrousRule, norm: Norm, widths: Sequence[int]):
    """Normalisation, first convolutions and pooling: stride 4."""
    scope, form = f"resnet_v1_{depth}", KINDS[kind]
    x = normalize_images(images, scope, form.mean)
    for index, ((name, kernel_size, _), filters) in enumerate(zip(form.stem, widths)):
        x = conv_bn(
            x,
            filters,
            kernel_size,
            name=f"{scope}.{name}",
            norm=norm,
            stride=1 if index else rule.step(2)[0],
            initializer=keras.initializers.HeNormal(),
            explicit_padding=True,
        )
    return keras.layers.MaxPooling2D(3, strides=rule.step(2)[0], padding="same", name=f"{scope}.pool1")(x)


def _unit(x, filters, *, name, norm, bottleneck, projects, stride, stride_first, rates, unit_rate):
    """A residual unit and its tap; `rates` are those up to its strided convolution and after it."""
    # Of each convolution: side of the kernel, filters.
    convolutions = [(1, filters), (3, filters), (1, 4 * filters)] if bottleneck else [(3, filters), (3, filters)]
    last = len(convolutions) - 1
    strided = 0 if stride_first else 1
    depth = convolutions[-1][1]

    def conv(x, filters, kernel_size, scope, **settings):
        initializer = keras.initializers.HeNormal()
        scope = f"{name}.{scope}"
        return conv_bn(
            x, filters, kernel_size, name=scope, norm=norm, initializer=initializer, explicit_padding=True, **settings
        )

    if projects:
        shortcut = conv(x, depth, 1, "shortcut", stride=stride, activation=None)
    else:
        subsample = keras.layers.MaxPooling2D(1, strides=stride, name=f"{name}.subsample") if stride > 1 else None
        shortcut = subsample(x) if subsample else x
    for index, (kernel_size, channels) in enumerate(convolutions):
        x = conv(
            x,
            channels,
            kernel_size,
            f"conv{index + 1}",
            stride=stride if index == strided else 1,
            rate=rates[index > strided] * unit_rate if kernel_size > 1 else 1,
            activation="relu" if index < last else None,
        )
    total = keras.layers.Add(name=f"{name}.add")([shortcut, x])
    return keras.layers.Activation("relu", name=f"{name}.relu")(total), x


def _row(depth: int, kind: str) -> Backbone:
    # The release pads images for its plain ResNet-18 with grey although it subtracts the mean; here they agree.
    return Backbone(
        functools.partial(resnet, depth=depth, kind=kind),
        f"resnet_v1_{depth}",
        pad_value=KINDS[kind].mean or GREY,
        options=("depth_multiplier", "multi_grid", "cascade_blocks"),
    )


# The beta kinds come first: they share their scope with the plain ones, and are the ones that were released.
RESNETS = {f"resnet_{depth}{kind}": _row(depth, kind) for kind in ("_beta", "", "_v2") for depth in DEPTHS}
