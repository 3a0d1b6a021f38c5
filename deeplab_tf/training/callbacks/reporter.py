"""How a run shows on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from deeplab_tf.progress import LINE_SECONDS


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
        self._steps, self._done, self._batch_size = steps, done, batch_size
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=steps, initial=done, desc="train", unit="step", smoothing=0.1, dynamic_ncols=True)
        self._busy = self._since = self._said = 0.0
        self._timed = -1

    def step(self, loss: float) -> None:
        """Counts one step; `loss` is the recent mean."""
        self._done += 1
        self._timed += 1
        now = time.monotonic()
        if self._timed:
            self._busy += now - self._since
        else:
            # The first step holds the tracing of the network and says nothing about the speed.
            self._said = now
        self._since = now
        rate = self._timed / self._busy if self._busy else 0.0
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.3f}, {rate * self._batch_size:.1f} images/s", refresh=False)
            self._bar.update()
        elif rate and now - self._said >= LINE_SECONDS:
            self._said = now
            left = (self._steps - self._done) / rate
            self.say(
                f"train: step {self._done} of {self._steps}, loss {loss:.3f}, "
                f"{rate * self._batch_size:.1f} images/s, {left:.0f} s left"
            )

    def pause(self) -> None:
        """Leaves the time since the last step out of the speed, as after a validation."""
        self._since = time.monotonic()

    def say(self, line: str) -> None:
        """Prints a line without breaking the bar."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()
