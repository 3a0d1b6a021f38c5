"""How a run shows its steps: a bar on a terminal, a line in the log now and then elsewhere."""

from __future__ import annotations

import logging

from deeplab_tf.progress import Progress

_log = logging.getLogger(__name__)


class Reporter:
    """Reports steps, with loss, speed and time left.

    Args:
        steps: Of the whole run.
        done: Steps that were done before.
        batch_size: Images per step.

    Example:
        >>> reporter = Reporter(steps=100, done=0, batch_size=8)
        >>> reporter.step(loss=2.31)
    """

    def __init__(self, steps: int, done: int, batch_size: int):
        self._batch_size = batch_size
        self._progress = Progress(steps, "train", "step", done=done, leave=True)

    def step(self, loss: float) -> None:
        """Counts one step; `loss` is the recent mean."""
        self._progress.step(lambda rate: f"loss {loss:.3f}, {rate * self._batch_size:.1f} images/s")

    def pause(self) -> None:
        """Leaves the time since the last step out of the speed, as after a validation."""
        self._progress.pause()

    def say(self, line: str) -> None:
        """Logs a line."""
        _log.info(line)

    def close(self) -> None:
        """Ends the bar."""
        self._progress.close()
