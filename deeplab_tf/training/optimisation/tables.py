"""What training chooses from by name: losses, schedules, optimisers, one row each.

Rows name what they make and do not import it, so that a help text costs no TensorFlow.
"""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
from collections.abc import Callable, Collection, Mapping
from typing import Any

from deeplab_tf.settings import Settings

_HERE, _LOSSES = "deeplab_tf.training.optimisation", "deeplab_tf.losses"
_OPTIMIZERS, _SCHEDULES = "deeplab_tf.optimizers", "deeplab_tf.schedules"


@dataclasses.dataclass(frozen=True)
class Part:
    """A row.

    Args:
        make: Makes it: a function or class, or its name as `package.module:function`. Its arguments after those that
            the table states are its settings: `loss_settings` and the like, `--set-loss NAME=VALUE`.
        help: What it is, a phrase.
    """

    make: str | Callable[..., Any]
    help: str

    def made(self, *given: Any, further: Mapping[str, Any] | None, group: Settings | None = None, **own: Any) -> Any:
        """What the row makes.

        Args:
            *given: What the table states that it is called with.
            further: Settings by name.
            group: Where those of `own` come from; None where it does not matter that nobody takes them.
            **own: Settings that have a field of their own, for whoever takes them.

        Raises:
            ValueError: If it does not have one of `further`, or one of `own` that is not at its default.
        """
        # Takes TensorFlow.
        from deeplab_tf.models.arguments import check_names

        make = self._maker
        accepted = list(inspect.signature(make).parameters)[len(given) :]
        further = further or {}
        check_names(make.__name__, [*(name for name in own if group and name in group.changed()), *further], accepted)
        taken = {name: value for name, value in own.items() if name in accepted}
        return make(*given, **{**taken, **further})

    def takes(self, name: str) -> bool:
        """Whether it has an argument of this name."""
        return name in inspect.signature(self._maker).parameters

    @property
    def _maker(self) -> Callable[..., Any]:
        return pkgutil.resolve_name(self.make) if isinstance(self.make, str) else self.make


# Called with the ignore label, and with `class_weights` where they take it; make a `keras.losses.Loss` of int labels
# [N, H, W] and logits [N, H, W, classes].
LOSSES = {
    "cross_entropy": Part(f"{_LOSSES}:CrossEntropy", "softmax cross entropy"),
    "hard_pixels": Part(f"{_LOSSES}:HardPixels", "cross entropy of the pixels learnt worst"),
    "focal": Part(f"{_LOSSES}:Focal", "cross entropy in which pixels that are right count less"),
    "dice": Part(f"{_LOSSES}:Dice", "overlap of each class by Dice's coefficient"),
    "lovasz_softmax": Part(f"{_LOSSES}:LovaszSoftmax", "overlap of each class by IoU, to refine what segments"),
    "sum": Part(f"{_HERE}.loss_sum:sum_of", "several of these, parts={NAME: WEIGHT}"),
}

# Called with the learning rate and the steps of the run, and with `power` where they take it; make a
# `keras.optimizers.schedules.LearningRateSchedule`.
SCHEDULES = {
    "poly": Part(f"{_SCHEDULES}:Poly", "falls to 0 as (1 - step / steps) ** power"),
    "step": Part(f"{_SCHEDULES}:Step", "falls to a tenth (factor) after every 2000 steps (every)"),
    "multi_step": Part(f"{_SCHEDULES}:MultiStep", "falls to a tenth (factor) at the steps given as boundaries"),
    "cosine": Part(f"{_SCHEDULES}:Cosine", "half a cosine down to 0 (end_learning_rate)"),
}

# Called with the schedule, and with `momentum` where they take it; make a `keras.optimizers.Optimizer`.
OPTIMIZERS = {
    "sgd": Part(f"{_OPTIMIZERS}:SGD", "stochastic gradient descent with momentum"),
    "momentum": Part(f"{_OPTIMIZERS}:Momentum", "the release's form of it: past gradients count at the rate of now"),
    "adam": Part(f"{_OPTIMIZERS}:Adam", "Adam (arXiv 1412.6980)"),
    "adamw": Part(f"{_OPTIMIZERS}:AdamW", "Adam with decoupled weight decay"),
}
# Those whose steps do not grow with the gradients: a tenth of the rate that suits the others.
ADAPTIVE = ("adam", "adamw")
# Those that let weights decay themselves and are called with `weight_decay`; for the others it is in the loss.
DECOUPLED = ("adamw",)

# Of each table the settings of a run that some rows take, and those that they are called with in any case.
_OF_THE_RUN = {
    "loss": (LOSSES, ("class_weights",), ()),
    "schedule": (SCHEDULES, ("power",), ("learning_rate", "steps")),
    "optimizer": (OPTIMIZERS, ("momentum",), ("learning_rate", "weight_decay")),
}


def check_said_once(flat: Mapping[str, Any], given: Collection[str]) -> None:
    """Makes sure that no setting is given twice, or for a loss, schedule or optimiser that does not take it.

    Args:
        flat: All settings of a run by name.
        given: The names of those that somebody has given.

    Raises:
        ValueError: If one is.
    """
    for table, (rows, some, all_rows) in _OF_THE_RUN.items():
        further, row = flat[f"{table}_settings"] or {}, flat[table]
        for name in (*some, *all_rows):
            if name in further and (name in all_rows or name in given):
                beside = "" if name in all_rows else f" beside {name}={flat[name]!r}"
                raise ValueError(
                    f"{name} is a setting of the run itself; received {table}_settings={further}{beside}. Give it "
                    f"once, as {name}, which --{name.replace('_', '-')} sets."
                )
        for name in some:
            if name in given and not rows[row].takes(name):
                takers = ", ".join(known for known in rows if rows[known].takes(name))
                raise ValueError(
                    f"{name} is a setting of {takers}; received {name}={flat[name]!r} for the {table} {row!r}. Leave "
                    "it out, or take one of these."
                )
