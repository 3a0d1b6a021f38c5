"""The settings of the training augmentation; what it does stands in `augmenter`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeplab_tf import checks
from deeplab_tf.checks import is_number
from deeplab_tf.settings import FLAG, Kind, Settings, number, setting

_HUE_SHARE = 0.25
_LARGEST = (1.0, 1.0, 1.0, 0.5)
# In pixels; above it a kernel is wider than any crop.
_LARGEST_BLUR = 1000


def _jitter(name: str, value) -> float | tuple[float, ...]:
    changes = _changes(value)
    checks.expect(
        len(changes) == 4 and all(checks.is_number(x, 0, most) for x, most in zip(changes, _LARGEST)),
        name,
        value,
        "a number from 0 to 1, or four for brightness, contrast, saturation (0-1) and hue (0-0.5)",
        "Try 0.4.",
    )
    return tuple(map(float, value)) if isinstance(value, Sequence) else value


def _changes(jitter) -> tuple:
    if is_number(jitter):
        return (jitter, jitter, jitter, jitter * _HUE_SHARE)
    return tuple(jitter) if isinstance(jitter, Sequence) else ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """How training crops are varied: random scale and mirroring as released; rotation, colours and blur where wanted.

    Labels are only ever moved, never mixed. Colours and blur change neither the crops nor their labels.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> Augmentation(rotate=10, color_jitter=0.4).color_changes
        (0.4, 0.4, 0.4, 0.1)
    """

    min_scale: float = setting(number(above=0, remedy="The release has 0.5."), "Smallest random scale.", default=0.5)
    max_scale: float = setting(number(above=0, remedy="The release has 2."), "Largest random scale.", default=2.0)
    scale_step: float = setting(
        number(least=0, remedy="The release has 0.25."), "Step of the random scale; 0 for any.", default=0.25
    )
    flip: bool = setting(FLAG, "Mirror half of the crops.", default=True)
    rotate: float = setting(
        number(least=0, most=180, remedy="Try 10."),
        "Greatest random rotation in degrees.",
        more="A crop is rotated about its centre, either way; corners show more of the image where there is more.",
        default=0.0,
    )
    color_jitter: float | tuple[float, ...] = setting(
        Kind("numbers", _jitter),
        "Greatest random change of colours, such as 0.4, or of brightness,contrast,saturation,hue.",
        more="0-1, hue 0-0.5 of the colour circle; of one number, hue gets a quarter.",
        default=0.0,
    )
    blur: float = setting(
        number(least=0, most=_LARGEST_BLUR, remedy="Try 1."),
        "Largest random Gaussian blur, a standard deviation in pixels.",
        default=0.0,
    )

    def __post_init__(self):
        super().__post_init__()
        scales = (self.min_scale, self.max_scale)
        in_order = self.min_scale <= self.max_scale
        checks.expect(in_order, "(min_scale, max_scale)", scales, "in this order", "The release has 0.5 and 2.")

    @property
    def color_changes(self) -> tuple[float, ...]:
        """Greatest changes of brightness, contrast, saturation (each 0-1: factors from 1 - x to 1 + x) and hue."""
        return _changes(self.color_jitter)
