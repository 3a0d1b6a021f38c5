"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
LINE_SECONDS = 15.0


def track(items: Iterable[T], total: int | None, what: str, unit: str = "image") -> Iterator[T]:
    """Passes `items` through and reports how far the work is and how long it will still take, on stderr.

    The first item does not count for the speed: it often holds the tracing of a network.

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
    if sys.stderr.isatty():
        with tqdm(total=total, desc=what, unit=unit, leave=False, dynamic_ncols=True) as bar:
            for done, item in enumerate(items, start=1):
                yield item
                if done == 1:
                    bar.unpause()
                bar.update()
        return
    start = said = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if done == 1:
            start = now
        elif now - said >= LINE_SECONDS:
            said = now
            each = (now - start) / (done - 1)
            speed = f"{1 / each:.1f} per second" if each < 1 else f"{each:.1f} s each"
            rest = f", {(total - done) * each:.0f} s left" if total else ""
            of = f" of {total}" if total else ""
            print(f"{what}: {done}{of} {plural(unit, total or done)}, {speed}{rest}", file=sys.stderr, flush=True)


def plural(unit: str, count: int) -> str:
    """The word for `count` of a unit.

    Example:
        >>> plural("batch", 2), plural("image", 2), plural("image", 1)
        ('batches', 'images', 'image')
    """
    if count == 1:
        return unit
    return f"{unit}es" if unit.endswith(("ch", "sh", "s", "x")) else f"{unit}s"
