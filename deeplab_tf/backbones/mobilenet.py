"""What the MobileNets share: how layers are named, the settings of every convolution."""

from __future__ import annotations

import dataclasses

from deeplab_tf.layers import Norm, conv_bn, depthwise_bn, normalize_images, truncated_normal

PAD_VALUE = (127.5, 127.5, 127.5)
INITIAL_STDDEV = 0.09


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

    def conv(self, x, filters: int, name: str, *, kernel_size: int = 1, activation: str | None = None, **steps: int):
        """As `deeplab_tf.layers.conv_bn`; `steps` are its stride and rate."""
        return conv_bn(
            x,
            filters,
            kernel_size,
            name=name,
            norm=self.norm,
            activation=activation,
            initializer=truncated_normal(INITIAL_STDDEV),
            **steps,
        )

    def depthwise(self, x, kernel_size: int, name: str, *, activation: str | None = None, **steps: int):
        """As `deeplab_tf.layers.depthwise_bn`; `steps` are its stride and rate."""
        return depthwise_bn(
            x, kernel_size, name=name, norm=self.norm, activation=activation, stddev=INITIAL_STDDEV, **steps
        )
