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
        yield from tqdm(items, total=total, desc=what, unit=unit, leave=False, dynamic_ncols=True)
        return
    start = said = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - said >= LINE_SECONDS:
            said = now
            each = (now - start) / done
            speed = f"{1 / each:.1f} a second" if each < 1 else f"{each:.1f} s each"
            rest = f", {(total - done) * each:.0f} s left" if total else ""
            of = f" of {total}" if total else ""
            print(f"{what}: {done}{of} {unit}s, {speed}{rest}", file=sys.stderr, flush=True)
