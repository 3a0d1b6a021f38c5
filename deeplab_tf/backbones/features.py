"""The contract between backbones and heads, and the one atrous rule that all backbones obey."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import keras

from deeplab_tf.checks import one_of

OUTPUT_STRIDES = (8, 16, 32)


@dataclasses.dataclass(frozen=True)
class Features:
    """What a backbone gives to a head.

    Args:
        last: The last map, `[B, h, w, C]` at the output stride.
        taps: Low-level maps for a decoder, keyed by the stride they stand at; those coarser than the last map's are
            left out where atrous rates take the place of strides.
    """

    last: keras.KerasTensor
    taps: Mapping[int, keras.KerasTensor]


@dataclasses.dataclass(frozen=True)
class Backbone:
    """One row of the table of backbones.

    Args:
        build: `(images, output_stride=..., frozen_statistics=..., **options) -> Features`, where `images` is
            float `[B, H, W, C]`, 0-255, RGB in all that is released: normalisation is part of the network.
        scope: First part of the layers' names, as in the released checkpoints.
        pad_value: RGB value (0-255) that the network sees as "nothing", used to pad images.
        options: Names of the further options that `build` takes, such as `depth_multiplier`.
    """

    build: Callable[..., Features]
    scope: str
    pad_value: tuple[float, float, float]
    options: tuple[str, ...] = ()


class AtrousRule:
    """Turns strides into atrous rates once the wanted output stride is reached (v3 paper, section 3.2).

    While the running stride is below the target, a unit keeps its stride. From then on a strided unit becomes
    stride 1 at the current rate, and the units after it get rate x stride.

    Args:
        output_stride: 8, 16 or 32.

    Raises:
        ValueError: If it is another number.

    Example:
        >>> rule = AtrousRule(8)
        >>> [rule.step(stride) for stride in (2, 2, 2, 2, 1)]
        [(2, 1), (2, 1), (2, 1), (1, 1), (1, 2)]
    """

    def __init__(self, output_stride: int):
        remedy = "8 is the most accurate, 16 the usual compromise, 32 the fastest."
        self.output_stride = one_of("output_stride", output_stride, OUTPUT_STRIDES, remedy=remedy)
        self.stride = 1
        self.rate = 1

    def step(self, stride: int) -> tuple[int, int]:
        """Stride and atrous rate of the next unit, whose stride is `stride` in the classifier."""
        if self.stride < self.output_stride:
            self.stride *= stride
            return stride, 1
        rate = self.rate
        self.rate *= stride
        return 1, rate
