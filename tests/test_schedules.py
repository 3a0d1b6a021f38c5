"""Every schedule against NumPy, its start, its checks, and what a file keeps of it."""

import keras
import numpy as np
import pytest

from deeplab_tf import schedules

STEPS = 90
RATE, SLOW = 0.02, 0.001


def poly(step, steps, power=0.9, end=0.0):
    return (RATE - end) * (1 - np.minimum(step, steps) / steps) ** power + end


def step_by(step, steps, every=20, factor=0.5):
    return RATE * factor ** (step // every)


def multi_step(step, steps, boundaries=(30, 45), factor=0.1):
    return RATE * factor ** sum((step >= boundary).astype(float) for boundary in boundaries)


def cosine(step, steps, end=0.0):
    return end + (RATE - end) * (1 + np.cos(np.pi * np.minimum(step, steps) / steps)) / 2


SCHEDULES = [
    (schedules.Poly, {}, poly),
    (schedules.Poly, {"power": 2, "end_learning_rate": 0.004}, lambda *at: poly(*at, power=2, end=0.004)),
    (schedules.Step, {"every": 20, "factor": 0.5}, step_by),
    (schedules.MultiStep, {"boundaries": (30, 45)}, multi_step),
    (schedules.MultiStep, {"factor": 0.5}, lambda at, n: multi_step(at, n, (n * 2 // 3, n * 8 // 9), 0.5)),
    (schedules.Cosine, {}, cosine),
    (schedules.Cosine, {"end_learning_rate": 0.004}, lambda *at: cosine(*at, end=0.004)),
]
# Slow start and warm-up, in steps.
STARTS = [(0, 0), (10, 0), (0, 8), (10, 8)]


def started(after, slow, rise):
    """The release's slow start, then its burn-in, then the schedule counted from 0."""
    rates = []
    for step in range(STEPS + 5):
        if step < slow:
            rates.append(SLOW)
        elif step < slow + rise:
            rates.append(SLOW + (RATE - SLOW) * (step - slow) / rise)
        else:
            rates.append(float(after(np.float64(step - slow - rise), STEPS - slow - rise)))
    return rates


@pytest.mark.parametrize("slow, rise", STARTS)
@pytest.mark.parametrize("kind, settings, after", SCHEDULES)
def test_it_is_as_numpy_has_it_and_comes_back_from_its_description(kind, settings, after, slow, rise):
    start = {"slow_start_step": slow, "warm_up_steps": rise, "slow_start_learning_rate": SLOW}
    schedule = kind(RATE, STEPS, **settings, **start)
    described = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert type(described) is kind
    steps = keras.ops.arange(STEPS + 5, dtype="int64")
    for one in (schedule, described):
        np.testing.assert_allclose(one(steps), started(after, slow, rise), rtol=2e-5, atol=1e-8)


def test_an_optimiser_is_saved_and_loaded_with_it():
    optimizer = keras.optimizers.Adam(schedules.Cosine(RATE, STEPS, warm_up_steps=4))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert float(again.learning_rate) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: schedules.Poly(0, 9), "learning_rate must be a number above 0; received 0"),
        (lambda: schedules.Step(0.1, 0), "steps must be a whole number above 0; received 0"),
        (lambda: schedules.Poly(0.1, 9, power=0), "power must be a number above 0; received 0"),
        (lambda: schedules.Cosine(0.1, 9, end_learning_rate=0.2), "end_learning_rate must be a number from 0 to 0.1"),
        (lambda: schedules.Step(0.1, 9, every=2.5), "every must be a whole number above 0; received 2.5"),
        (lambda: schedules.Step(0.1, 9, factor=1.5), "factor must be a number above 0 and at most 1; received 1.5"),
        (lambda: schedules.MultiStep(0.1, 9, boundaries=(4, 2)), r"boundaries must be one or more steps, rising"),
        (lambda: schedules.MultiStep(0.1, 9, boundaries=(9,)), "boundaries must be below the 9 steps that follow"),
        (lambda: schedules.Poly(0.1, 9, slow_start_step=9), "slow_start_step must be a whole number from 0 to 8"),
        (
            lambda: schedules.Poly(0.1, 9, slow_start_step=5, warm_up_steps=4),
            "slow_start_step \\+ warm_up_steps must be below the 9 steps of the run; received 9",
        ),
        (
            lambda: schedules.Poly(1e-5, 9, warm_up_steps=4),
            "slow_start_learning_rate must be a number from 0 to 1e-05; received 0.0001",
        ),
        (lambda: schedules.Poly(0.1, 9, warmup_steps=4), "no argument 'warmup_steps'; did you mean 'warm_up_steps'"),
    ],
)
def test_what_is_not_possible_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
