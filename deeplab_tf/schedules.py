"""How the learning rate goes over a run: `keras.optimizers.schedules`, with the release's slow start and a warm-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import keras
from typing_extensions import TypedDict, Unpack

from deeplab_tf.checks import expect, number, whole, whole_numbers
from deeplab_tf.models.arguments import check_names
from deeplab_tf.models.shared_settings import Argument
from deeplab_tf.models.signatures import parameters_of, show_shared

__all__ = ["Cosine", "MultiStep", "Poly", "Step"]


class StartSettings(TypedDict, total=False):
    """What every schedule takes: how a run begins."""

    slow_start_step: Annotated[int, Argument(0, "Steps at `slow_start_learning_rate` before all else, as the release.")]
    warm_up_steps: Annotated[
        int,
        Argument(
            0,
            "Steps after those over which the rate rises from `slow_start_learning_rate`, linearly (the release's "
            "burn-in). The schedule itself counts from their end.",
        ),
    ]
    slow_start_learning_rate: Annotated[
        float, Argument(1e-4, "The rate at the start, where one of the two is given; at most `learning_rate`.")
    ]


SECTIONS = {"Raises": "ValueError: If an argument is unknown or not possible; the message says what is."}


class _Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """One of Keras's schedules after a start of its own.

    Args:
        settings: The subclass's arguments, JSON-ready.
        start: Those of `StartSettings` that are given.
    """

    def __init__(self, settings: dict, start: StartSettings):
        super().__init__()
        kind = type(self).__name__
        parameters = parameters_of(type(self).__init__)
        check_names(kind, start, [parameter.name for parameter in parameters])
        defaults = {one.name: one.default for one in parameters if one.name in StartSettings.__annotations__}
        given = {**defaults, **start}
        rate = number("learning_rate", settings["learning_rate"], above=0, remedy="Try 0.01.")
        steps = whole("steps", settings["steps"], remedy="It is the length of the run; try 3000.")
        waits = {
            name: whole(name, given[name], least=0, most=steps - 1, remedy=f"The run has {steps} steps; 0 for none.")
            for name in ("slow_start_step", "warm_up_steps")
        }
        self.waited = sum(waits.values())
        expect(
            self.waited < steps, "slow_start_step + warm_up_steps", self.waited, f"below the {steps} steps of the run",
            "Take fewer.",
        )  # fmt: skip
        name, slow = "slow_start_learning_rate", given["slow_start_learning_rate"]
        slow = number(name, slow, least=0, remedy="Try 1e-4.")
        if self.waited:
            number(name, slow, least=0, most=rate, remedy="It is where the rate begins; take a tenth of learning_rate.")
        self._settings = {**settings, "learning_rate": rate, "steps": steps, **waits, name: slow}
        self._after = self._schedule(rate, steps - self.waited)

    def _schedule(self, rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
        """What follows the start, of so many steps."""
        raise TypeError(f"{type(self).__name__} must have `_schedule`.")

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        show_shared(cls, SECTIONS)

    def __call__(self, step):
        if not self.waited:
            return self._after(step)
        settings = self._settings
        step = keras.ops.cast(step, "float32")
        begin, highest = settings["slow_start_learning_rate"], settings["learning_rate"]
        risen = (step - settings["slow_start_step"]) / max(settings["warm_up_steps"], 1)
        start = begin + (highest - begin) * keras.ops.clip(risen, 0.0, 1.0)
        after = self._after(keras.ops.maximum(step - self.waited, 0.0))
        return keras.ops.where(step < self.waited, start, after)

    def get_config(self) -> dict:
        return dict(self._settings)


@keras.saving.register_keras_serializable("deeplab_tf")
class Poly(_Schedule):
    """learning_rate x (1 - step / steps) ** power, as DeepLabv2 and its successors train (arXiv 1606.00915).

    Args:
        learning_rate: At the start, > 0.
        steps: Length of the run, at whose end the rate is `end_learning_rate`.
        power: Of the fall, > 0; the DeepLab papers have 0.9.
        end_learning_rate: At the end, 0 to `learning_rate`.
        **start: The shared arguments, see `StartSettings`.

    Example:
        >>> round(float(Poly(0.01, 100, power=1.0)(50)), 6)
        0.005
        >>> warmed = Poly(0.01, 100, warm_up_steps=10, slow_start_learning_rate=0.0)
        >>> [round(float(warmed(step)), 4) for step in (0, 5, 10)]
        [0.0, 0.005, 0.01]
    """

    def __init__(
        self,
        learning_rate: float,
        steps: int,
        *,
        power: float = 0.9,
        end_learning_rate: float = 0.0,
        **start: Unpack[StartSettings],
    ):
        power = number("power", power, above=0, remedy="Try 0.9.")
        end = _end(end_learning_rate, learning_rate)
        super().__init__(
            {"learning_rate": learning_rate, "steps": steps, "power": power, "end_learning_rate": end}, start
        )

    def _schedule(self, rate, steps):
        end, power = self._settings["end_learning_rate"], self._settings["power"]
        return keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=end, power=power)


@keras.saving.register_keras_serializable("deeplab_tf")
class Step(_Schedule):
    """learning_rate x factor ** (step // every), as DeepLabv1 trains (arXiv 1412.7062).

    In the release it is `learning_policy=step` (utils/train_utils.py).

    Args:
        learning_rate: At the start, > 0.
        steps: Length of the run.
        every: Steps between two falls.
        factor: What is left of the rate after each, above 0 to 1.
        **start: The shared arguments, see `StartSettings`.

    Example:
        >>> schedule = Step(0.01, 6000)
        >>> [round(float(schedule(step)), 6) for step in (1999, 2000, 4000)]
        [0.01, 0.001, 0.0001]
    """

    def __init__(
        self,
        learning_rate: float,
        steps: int,
        *,
        every: int = 2000,
        factor: float = 0.1,
        **start: Unpack[StartSettings],
    ):
        every = whole("every", every, remedy="Try 2000.")
        factor = _factor(factor)
        super().__init__({"learning_rate": learning_rate, "steps": steps, "every": every, "factor": factor}, start)

    def _schedule(self, rate, steps):
        every, factor = self._settings["every"], self._settings["factor"]
        return keras.optimizers.schedules.ExponentialDecay(rate, every, factor, staircase=True)


@keras.saving.register_keras_serializable("deeplab_tf")
class MultiStep(_Schedule):
    """The rate falls by a factor at each of some steps.

    As with `Step` the rate is lower from the very step on. (In the release's `multi_steps`, utils/train_utils.py, it is
    from the next one on.)

    Args:
        learning_rate: At the start, > 0.
        steps: Length of the run.
        boundaries: The steps at which the rate falls, rising; at two thirds and at eight ninths of the run when left
            out. Like everything they count from the end of a slow start and a warm-up.
        factor: What is left of the rate after each, above 0 to 1.
        **start: The shared arguments, see `StartSettings`.

    Example:
        >>> schedule = MultiStep(0.01, 6000, boundaries=(4000, 5000))
        >>> [round(float(schedule(step)), 6) for step in (3999, 4000, 5000)]
        [0.01, 0.001, 0.0001]
    """

    def __init__(
        self,
        learning_rate: float,
        steps: int,
        *,
        boundaries: Sequence[int] | None = None,
        factor: float = 0.1,
        **start: Unpack[StartSettings],
    ):
        if boundaries is not None:
            remedy = "Try (2000, 4000)."
            boundaries = list(whole_numbers("boundaries", boundaries, remedy=remedy))
            rising = boundaries == sorted(set(boundaries))
            expect(bool(boundaries) and rising, "boundaries", boundaries, "one or more steps, rising", remedy)
        factor = _factor(factor)
        super().__init__(
            {"learning_rate": learning_rate, "steps": steps, "boundaries": boundaries, "factor": factor}, start
        )

    def _schedule(self, rate, steps):
        boundaries, factor = self._settings["boundaries"], self._settings["factor"]
        given = boundaries is not None
        boundaries = boundaries if given else sorted({max(steps * 2 // 3, 1), max(steps * 8 // 9, 1)})
        below = not given or boundaries[-1] < steps
        expect(below, "boundaries", boundaries, f"below the {steps} steps that follow the start", "Take others.")
        rates = [rate * factor**falls for falls in range(len(boundaries) + 1)]
        # Keras has the earlier rate at the boundary itself.
        return keras.optimizers.schedules.PiecewiseConstantDecay([step - 1 for step in boundaries], rates)


@keras.saving.register_keras_serializable("deeplab_tf")
class Cosine(_Schedule):
    """Half a cosine from learning_rate down to end_learning_rate (arXiv 1608.03983, without restarts).

    Args:
        learning_rate: At the start, > 0.
        steps: Length of the run.
        end_learning_rate: At the end, 0 to `learning_rate`.
        **start: The shared arguments, see `StartSettings`.

    Example:
        >>> [round(float(Cosine(0.01, 100)(step)), 6) for step in (0, 50, 100)]
        [0.01, 0.005, 0.0]
    """

    def __init__(
        self,
        learning_rate: float,
        steps: int,
        *,
        end_learning_rate: float = 0.0,
        **start: Unpack[StartSettings],
    ):
        end = _end(end_learning_rate, learning_rate)
        super().__init__({"learning_rate": learning_rate, "steps": steps, "end_learning_rate": end}, start)

    def _schedule(self, rate, steps):
        return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=self._settings["end_learning_rate"] / rate)


def _end(end_learning_rate: float, learning_rate: float) -> float:
    highest = number("learning_rate", learning_rate, above=0, remedy="Try 0.01.")
    return number("end_learning_rate", end_learning_rate, least=0, most=highest, remedy="Usually 0.")


def _factor(factor: float) -> float:
    return number("factor", factor, above=0, most=1, remedy="Try 0.1.")
