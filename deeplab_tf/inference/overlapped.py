"""Reading, predicting and writing at the same time, in order."""

from __future__ import annotations

import collections
import itertools
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
# Images that are read before their turn. Photographs are large, so memory bounds it.
AHEAD = 2
# Compressing a picture takes as long as a small network takes to predict it; more writers than these hold many images.
WRITERS = min(4, os.cpu_count() or 1)


def overlapped(
    items: Iterable[Item],
    read: Callable[[Item], Any],
    work: Callable[[Any], Any],
    write: Callable[[Item, Any], Any],
) -> Generator[tuple[Item, Any], None, None]:
    """Reads, works on and writes items: `work` in the calling thread, the others in threads beside it.

    A few items are on their way at once, however many there are. At an item that fails everything before it is finished
    first, and nothing behind it is worked on unless the caller goes on. When the caller leaves, or a signal ends it,
    what is being written is finished and nothing else begins.

    Args:
        items: What to work on.
        read: Makes the input of `work` from an item.
        work: Makes the input of `write` from what was read.
        write: Takes the item and what came of it.

    Yields:
        Each item, in order, with what `write` returned, or with the `ValueError` or `OSError` that any step raised.
    """
    items = iter(items)
    ahead: collections.deque[tuple[Item, Future]] = collections.deque()
    behind: collections.deque[tuple[Item, Future]] = collections.deque()
    readers, writers = ThreadPoolExecutor(1, "read"), ThreadPoolExecutor(WRITERS, "write")
    try:
        while True:
            ahead.extend((item, readers.submit(read, item)) for item in itertools.islice(items, AHEAD - len(ahead)))
            if not ahead:
                break
            item, reading = ahead.popleft()
            try:
                made = work(reading.result())
            except (ValueError, OSError) as error:
                yield from _finished(behind, 0)
                yield item, error
                continue
            finally:
                # Or it would hold the image until the next one is there.
                del reading
            behind.append((item, writers.submit(write, item, made)))
            del made
            yield from _finished(behind, WRITERS)
        yield from _finished(behind, 0)
    finally:
        for pool in (readers, writers):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (readers, writers):
            pool.shutdown()


def _finished(behind: collections.deque[tuple[Item, Future]], left: int) -> Iterator[tuple[Item, Any]]:
    """The first of what is being written, each when it is done, until only so many are left."""
    while len(behind) > left:
        item, writing = behind.popleft()
        try:
            outcome = writing.result()
        except (ValueError, OSError) as error:
            outcome = error
        yield item, outcome
