"""Progress of long work: a bar on a terminal, a line in the log now and then elsewhere."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
LINE_SECONDS = 15.0
VARIABLE = "DEEPLAB_TF_PROGRESS"
logger = logging.getLogger(__name__)
_switch = [os.environ.get(VARIABLE, "").lower() not in ("0", "false", "no", "off")]


class show(contextlib.AbstractContextManager):  # noqa: N801 (called like a function)
    """Switches the progress of all long work of the package on or off.

    It is on from the start, unless the environment variable `DEEPLAB_TF_PROGRESS` is 0. What begins afterwards obeys.

    Args:
        shown: Whether progress is shown: as a bar where stderr is a terminal, and elsewhere as a line of the logger
            `deeplab_tf.progress` (level INFO) every 15 seconds. As a context manager, for its block only.

    Example:
        >>> show(False)
        >>> with show(True):
        ...     evaluate("model.keras", images)
    """

    def __init__(self, shown: bool):
        self._before, _switch[0] = _switch[0], bool(shown)

    def __exit__(self, *error):
        _switch[0] = self._before


def is_shown() -> bool:
    """Whether progress is shown, see `show`.

    Example:
        >>> show(False)
        >>> is_shown()
        False
    """
    return _switch[0]


class Progress:
    """Counts the steps of a piece of work, and shows how far it is and how long it will still take.

    The first step does not count for the speed: it often holds the tracing of a network.

    Args:
        total: Steps of the whole, or None where nobody knows.
        what: The activity, for instance `"train"`.
        unit: What one step is.
        done: Steps that were done before.
        leave: Whether the bar stays when the work is done.

    Attributes:
        rate: Steps per second; 0 before the second step.

    Example:
        >>> progress = Progress(100, "train", "step")
        >>> progress.step(lambda rate: f"loss 2.310, {8 * rate:.1f} images/s")
        >>> progress.close()
    """

    def __init__(self, total: int | None, what: str, unit: str = "image", *, done: int = 0, leave: bool = False):
        self._total, self._what, self._unit, self._done = total, what, unit, done
        self._shown, self._bar = is_shown(), None
        if self._shown and sys.stderr.isatty():
            settings = {"initial": done, "desc": what, "unit": unit, "leave": leave, "dynamic_ncols": True}
            self._bar = tqdm(total=total, smoothing=0.1, **settings)
        self._timed, self._busy = -1, 0.0
        self._since = self._said = time.monotonic()

    @property
    def rate(self) -> float:
        """Units in a second of the time that counts."""
        return self._timed / self._busy if self._busy else 0.0

    def step(self, note: Callable[[float], str] | None = None, count: int = 1) -> None:
        """Counts one step, or several that were made at once.

        Args:
            note: Makes of the steps per second what to show instead of them.
            count: How many.
        """
        now = time.monotonic()
        self._done += count
        self._timed = self._timed + count if self._timed >= 0 else 0
        if self._timed:
            self._busy += now - self._since
        self._since = now
        if self._bar is not None:
            if not self._timed:
                self._bar.unpause()
            if note is not None:
                self._bar.set_postfix_str(note(self.rate), refresh=False)
            self._bar.update(count)
        elif self._shown and self.rate and now - self._said >= LINE_SECONDS:
            self._said = now
            logger.info(self._line(note or _speed))

    def pause(self) -> None:
        """Leaves the time since the last step out of the speed, as after a validation."""
        self._since = time.monotonic()
        if self._bar is not None:
            self._bar.unpause()

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()

    def _line(self, note: Callable[[float], str]) -> str:
        of = f" of {self._total}" if self._total else ""
        line = f"{self._what}: {self._done}{of} {plural(self._unit, self._total or self._done)}, {note(self.rate)}"
        return f"{line}, {_duration((self._total - self._done) / self.rate)} left" if self._total else line


def track(items: Iterable[T], total: int | None, what: str, unit: str = "image") -> Iterator[T]:
    """Passes `items` through and shows how far the work is, see `Progress` and `show`.

    Args:
        items: What is worked on.
        total: How many there are, or None where nobody knows.
        what: The activity, for instance `"evaluate"`.
        unit: What one item is.

    Yields:
        The items, unchanged.

    Example:
        >>> for path in track(paths, len(paths), "convert"):
        ...     convert(path)
    """
    with contextlib.closing(Progress(total, what, unit)) as progress:
        for item in items:
            yield item
            progress.step()


def plural(unit: str, count: int) -> str:
    """The word for `count` of a unit.

    Args:
        unit: The word for one.
        count: How many there are.

    Returns:
        The word alone.

    Example:
        >>> plural("batch", 2), plural("epoch", 2), plural("image", 1)
        ('batches', 'epochs', 'image')
    """
    if count == 1:
        return unit
    hissed = unit.endswith(("ch", "sh", "s", "x")) and not unit.endswith("och")
    return f"{unit}es" if hissed else f"{unit}s"


def counted(count: int, unit: str) -> str:
    """So many of a unit, for people.

    Args:
        count: How many there are.
        unit: The word for one.

    Returns:
        The number, `no` for 0, and the word.

    Example:
        >>> counted(2, "image"), counted(1, "image"), counted(0, "image")
        ('2 images', '1 image', 'no images')
    """
    return f"{count or 'no'} {plural(unit, count)}"


def _speed(rate: float) -> str:
    return f"{rate:.1f} per second" if rate > 1 else f"{1 / rate:.1f} s each"


def _duration(seconds: float) -> str:
    if seconds < 5 * 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5 * 3600 else f"{seconds / 3600:.1f} h"
