"""The modified aligned Xception of DeepLabv3+ (arXiv 1802.02611, section 3.2)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.backbones.multi_grid import check_multi_grid
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import one_of
from deeplab_tf.layers import Norm, conv_bn, depthwise_bn, normalize_images, truncated_normal


@dataclasses.dataclass(frozen=True)
class Block:
    """A run of equal modules.

    Args:
        scope: Its name under the network's.
        filters: Output channels of the three separable convolutions of a module.
        skip: What the module adds to them: its input after a 1x1 convolution (`"conv"`), its input (`"sum"`), or
            nothing (`"none"`).
        stride: Of the third separable convolution.
        units: Number of modules.
        tap: Stride at which the second separable convolution's output serves a decoder.
        inner_activation: ReLU after each convolution instead of before each separable one; multi-grid rates apply.
    """

    scope: str
    filters: tuple[int, int, int]
    skip: str = "conv"
    stride: int = 1
    units: int = 1
    tap: int | None = None
    inner_activation: bool = False


def _entry(*blocks: tuple[int, int, int | None]) -> tuple[Block, ...]:
    """The entry flow, of each block (filters, stride, tap)."""
    return tuple(
        Block(f"entry_flow.block{number}", (filters,) * 3, stride=stride, tap=tap)
        for number, (filters, stride, tap) in enumerate(blocks, start=1)
    )


ENTRY = _entry((128, 2, None), (256, 2, 4), (728, 2, 8))
ENTRY_71 = _entry((128, 2, None), (256, 1, None), (256, 2, 4), (728, 1, None), (728, 2, 8))
EXIT = (
    Block("exit_flow.block1", (728, 1024, 1024), stride=2, tap=16),
    Block("exit_flow.block2", (1536, 1536, 2048), skip="none", inner_activation=True),
)
STDDEV = 0.09
# Of each variant: the entry flow, the number of modules in the middle flow.
VARIANTS = {41: (ENTRY, 8), 65: (ENTRY, 16), 71: (ENTRY_71, 16)}


def xception(
    images,
    *,
    variant: int,
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    multi_grid: Sequence[int] | None = None,
    frozen_statistics: bool = False,
) -> Features:
    """Builds an Xception without its classifier.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        variant: 41, 65 or 71.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0; they stay multiples of 8.
        multi_grid: Relative rates of the last module's three convolutions; all 1 when left out, as in the paper.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Returns:
        The last map, 2048 x depth_multiplier channels, and decoder taps at strides 4 (256), 8 (728) and 16 (1024).

    Raises:
        ValueError: If an argument is not possible.

    Example:
        >>> xception(keras.Input((513, 513, 3)), variant=65).last.shape
        (None, 33, 33, 2048)
    """
    variant = one_of("variant", variant, VARIANTS)
    grid = check_multi_grid(multi_grid, 3)
    entry, middle_units = VARIANTS[variant]
    middle = Block("middle_flow.block1", (728,) * 3, skip="sum", units=middle_units)
    scope = f"xception_{variant}"
    rule, scaled = AtrousRule(output_stride), Width(depth_multiplier)
    norm = Norm(momentum=0.9997, epsilon=1e-3, frozen_statistics=frozen_statistics)

    x = normalize_images(images, scope)
    for index, filters in enumerate((32, 64)):
        x = conv_bn(
            x,
            scaled(filters),
            3,
            name=f"{scope}.entry_flow.conv1_{index + 1}",
            norm=norm,
            stride=1 if index else rule.step(2)[0],
            initializer=truncated_normal(STDDEV),
            explicit_padding=True,
        )
    taps = {}
    for block in (*entry, middle, *EXIT):
        for unit in range(1, block.units + 1):
            stride, rate = rule.step(block.stride)
            rates = [rate * relative for relative in (grid if block.inner_activation else (1, 1, 1))]
            name = f"{scope}.{block.scope}.unit_{unit}.xception_module"
            x, tap = _module(x, block, scaled, name=name, norm=norm, stride=stride, rates=rates)
            if block.tap is not None and block.tap <= output_stride:
                taps[block.tap] = tap
    return Features(x, taps)


def _module(x, block: Block, scaled: Width, *, name: str, norm: Norm, stride: int, rates: Sequence[int]):
    """Three separable convolutions with a skip, and the second one's output."""
    inputs, outputs = x, []
    activation = "relu" if block.inner_activation else None
    for index, (filters, rate) in enumerate(zip(block.filters, rates, strict=True), start=1):
        conv = f"{name}.separable_conv{index}"
        if not block.inner_activation:
            x = keras.layers.Activation("relu", name=f"{conv}_input.relu")(x)
        x = depthwise_bn(
            x,
            3,
            name=f"{conv}_depthwise",
            norm=norm,
            stride=stride if index == len(rates) else 1,
            rate=rate,
            activation=activation,
            stddev=STDDEV,
            explicit_padding=True,
        )
        x = _pointwise(x, scaled(filters), name=f"{conv}_pointwise", norm=norm, activation=activation)
        outputs.append(x)
    if block.skip == "conv":
        inputs = _pointwise(inputs, scaled(block.filters[-1]), name=f"{name}.shortcut", norm=norm, stride=stride)
    if block.skip != "none":
        x = keras.layers.Add(name=f"{name}.add")([x, inputs])
    return x, outputs[1]


def _pointwise(x, filters, *, name, norm, stride=1, activation=None):
    initializer = truncated_normal(STDDEV)
    return conv_bn(x, filters, 1, name=name, norm=norm, stride=stride, activation=activation, initializer=initializer)


XCEPTIONS = {
    f"xception_{variant}": Backbone(
        functools.partial(xception, variant=variant),
        f"xception_{variant}",
        pad_value=(127.5, 127.5, 127.5),
        options=("depth_multiplier", "multi_grid"),
    )
    for variant in VARIANTS
}
