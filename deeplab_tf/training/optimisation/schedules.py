"""How the learning rate goes over a run."""

from __future__ import annotations

import keras


def poly(learning_rate: float, steps: int, *, power: float) -> keras.optimizers.schedules.LearningRateSchedule:
    """learning_rate x (1 - step / steps) ** power, by step.

    Args:
        learning_rate: At the start, > 0.
        steps: After which it is 0.
        power: Of the fall, > 0; the DeepLab papers have 0.9.

    Example:
        >>> float(poly(0.01, 100, power=1.0)(50))
        0.005
    """
    return keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, end_learning_rate=0.0, power=power)
