"""A run's loss that is a sum of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeplab_tf.checks import expect, is_number, one_of
from deeplab_tf.losses import CombinedLoss
from deeplab_tf.training.optimisation.tables import LOSSES

WEIGHT = "weight"


def sum_of(
    ignore_label: int,
    parts: Mapping[str, float | Mapping[str, Any]] | None = None,
    class_weights: Sequence[float] | np.ndarray | None = None,
) -> CombinedLoss:
    """The weighted sum of losses from the table.

    Args:
        ignore_label: The id that does not count.
        parts: By their names, what each weighs; or its settings, among which `weight` is 1 when left out.
        class_weights: For those that take them.

    Raises:
        ValueError: If none is given, there is no such loss, or it has not such settings.

    Example:
        >>> loss = sum_of(255, {"cross_entropy": 1, "dice": {"weight": 0.5, "per_image": True}})
        >>> loss.weights
        [1.0, 0.5]
    """
    named = isinstance(parts, Mapping) and len(parts) > 0
    expect(named, "parts", parts, "losses by name, each with its weight", 'Try {"cross_entropy": 1, "dice": 0.5}.')
    losses, weights = [], []
    for name, given in parts.items():
        row = LOSSES[one_of("parts", name, [known for known in LOSSES if known != "sum"])]
        expected = "a weight, or settings by name"
        expect(is_number(given) or isinstance(given, Mapping), f"parts[{name!r}]", given, expected, "Try 1.")
        settings = dict(given) if isinstance(given, Mapping) else {WEIGHT: given}
        weights.append(settings.pop(WEIGHT, 1))
        losses.append(row.made(ignore_label, further=settings, class_weights=class_weights))
    if class_weights is not None and not any(hasattr(loss, "class_weights") for loss in losses):
        raise ValueError(f"None of the losses {', '.join(parts)} takes class_weights. Leave them out.")
    return CombinedLoss(losses, weights)
