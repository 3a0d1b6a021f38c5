"""What the MobileNets share: how widths scale, how layers are named, the settings of every convolution."""

from __future__ import annotations

import dataclasses

from deeplab_tf.checks import number
from deeplab_tf.layers import Norm, conv_bn, depthwise_bn, normalize_images, truncated_normal

PAD_VALUE = (127.5, 127.5, 127.5)
INITIAL_STDDEV = 0.09


def make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, at least `divisor`, and never below 90 % of `value`.

    Example:
        >>> make_divisible(18, 8)
        24
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def check_depth_multiplier(depth_multiplier: float) -> None:
    """Refuses widths that are not above 0.

    Raises:
        ValueError: If it is one.
    """
    number("depth_multiplier", depth_multiplier, above=0, remedy="Usual are 0.25 to 1.4.")


@dataclasses.dataclass(frozen=True)
class MobileNetLayers:
    """The layers of one MobileNet, all with its scope, normalisation and initialisation.

    Args:
        scope: First part of the layers' names.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Example:
        >>> MobileNetLayers("MobilenetV2").block(3)
        'MobilenetV2.expanded_conv_3'
    """

    scope: str
    frozen_statistics: bool = False

    @property
    def norm(self) -> Norm:
        """Settings of the normalisation."""
        return Norm(momentum=0.997, epsilon=1e-3, frozen_statistics=self.frozen_statistics)

    def block(self, index: int) -> str:
        """Scope of the block with this index, `.` for `/`."""
        return f"{self.scope}.expanded_conv" + (f"_{index}" if index else "")

    def normalize(self, images):
        """0-255, `[B, H, W, C]`, scaled to -1..1."""
        return normalize_images(images, self.scope)

    def conv(self, x, filters: int, name: str, *, kernel_size: int = 1, stride=1, rate=1, activation=None):
        """As `deeplab_tf.layers.conv_bn`."""
        return conv_bn(
            x,
            filters,
            kernel_size,
            name=name,
            norm=self.norm,
            stride=stride,
            rate=rate,
            activation=activation,
            initializer=truncated_normal(INITIAL_STDDEV),
        )

    def depthwise(self, x, kernel_size: int, name: str, *, stride=1, rate=1, activation=None):
        """As `deeplab_tf.layers.depthwise_bn`."""
        return depthwise_bn(
            x,
            kernel_size,
            name=name,
            norm=self.norm,
            stride=stride,
            rate=rate,
            activation=activation,
            stddev=INITIAL_STDDEV,
        )
