"""How far a run is: what its callbacks share and its checkpoint keeps."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping

COLUMNS = (
    "step", "loss", "learning_rate", "val_miou", "pixel_accuracy", "images_per_second", "seconds",
)  # fmt: skip
# What begins the columns of further measures.
VALIDATED = "val_"


@dataclasses.dataclass
class RunState:
    """How far a run is.

    Args:
        step: Optimiser steps done.
        seconds: Time spent, validation included.
        best_step: The step of the best model; None before the first validation.
        best_miou: Its mean IoU, 0-1.
        best_pixel_accuracy: Its pixel accuracy, 0-1.
        best_value: Of the metric that decides which is the best, its value.
        rows: The log so far: numbers by column, see `deeplab_tf.training.callbacks.log`.
        loss: Mean loss since the last row, where a checkpoint falls between two.
        loss_sums: What Keras has it from.

    Example:
        >>> state = RunState()
        >>> model.fit(batches, callbacks=[TrainingLog("log.csv", state=state), Curves("curves.png", state=state)])
        >>> state.rows[-1]["step"] == state.step
        True
    """

    step: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_miou: float | None = None
    best_pixel_accuracy: float | None = None
    rows: list[dict] = dataclasses.field(default_factory=list)
    loss: float | None = None
    loss_sums: list[float] = dataclasses.field(default_factory=list)
    best_value: float | None = None

    def __post_init__(self):
        self._clock = time.monotonic()

    @property
    def logged(self) -> bool:
        """Whether the log has a row of the current step."""
        return self.step == (self.rows[-1]["step"] if self.rows else 0)

    def start_clock(self) -> None:
        """Lets `seconds` go on from where it is."""
        self._clock = time.monotonic()

    def tick(self) -> None:
        """Brings `seconds` up to date."""
        now = time.monotonic()
        self.seconds, self._clock = self.seconds + now - self._clock, now


def columns_of(rows: Iterable[Mapping]) -> list[str]:
    """The columns of a log: those of every log, and behind them what else its rows have."""
    return list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
