"""What a released file says about its network, whatever its format: its convolutions, by checkpoint scope."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np

# A weight's name goes on behind its scope with one of these parts; exporters differ in which.
_LEAF = {
    "weights", "weights_quant", "depthwise_weights", "Conv2D", "Conv2D_Fold", "depthwise_Fold", "BatchNorm",
    "BatchNorm_Fold", "biases", "Conv2D_bias", "depthwise_bias", "merged_input",
}  # fmt: skip

# A changed bit in a float's exponent makes 1e38 of it; with normalisation folded in, weights reach some thousands.
LARGEST_WEIGHT = 1e6


def scope_of(name: str) -> str:
    """The variable scope that the name of a weight begins with.

    Example:
        >>> scope_of("MobilenetV2/expanded_conv/depthwise/depthwise_Fold;MobilenetV2/x")
        'MobilenetV2/expanded_conv/depthwise'
    """
    parts = name.split(";")[0].split("/")
    for index, part in enumerate(parts):
        repeated = index > 0 and part == "depthwise" == parts[index - 1]
        if part in _LEAF or repeated:
            return "/".join(parts[:index])
    return "/".join(parts)


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution with its batch normalisation folded in.

    Args:
        kernel: float32, in Keras's layout: `[kh, kw, in, out]`, or `[kh, kw, channels, 1]` for a depthwise one.
        bias: float32 `[channels]`.
        stride: Stride.
        rate: Atrous rate.

    Raises:
        ValueError: If a weight is not finite, or far larger than any that training gives.
    """

    kernel: np.ndarray
    bias: np.ndarray
    stride: int = 1
    rate: int = 1

    def __post_init__(self):
        for values in (self.kernel, self.bias):
            if not (np.isfinite(values).all() and np.abs(values).max(initial=0) < LARGEST_WEIGHT):
                raise ValueError("weights are not finite, or larger than any that training gives")


@dataclasses.dataclass(frozen=True)
class ReleasedFile:
    """The content of a released file.

    Args:
        path: Where it was read.
        convolutions: By variable scope, such as `MobilenetV2/Conv`.
        pooling_window: Side of the image-pooling window in cells of the last map, or None where there is none.
        input_range: What the pixels 0 and 255 are at the first convolution, `[2, 3]`; None where the file does not say.
    """

    path: Path
    convolutions: dict[str, Convolution]
    pooling_window: int | None = None
    input_range: np.ndarray | None = dataclasses.field(default=None, compare=False)

    def kernels(self) -> dict[str, tuple[int, ...]]:
        """The shape of each convolution's kernel, by scope."""
        return {scope: convolution.kernel.shape for scope, convolution in self.convolutions.items()}

    def scopes(self, pattern: str) -> list[str]:
        """The scopes that match a regular expression from their start."""
        return [scope for scope in self.convolutions if re.match(pattern, scope)]
