"""How often a file is opened, whoever opens it."""

import contextlib
import os
import sys

_counters: list[list] = []
_hooked: list[bool] = []


def _count(event, arguments):
    for counter in _counters:
        if event == "open" and arguments[0] == counter[0]:
            counter[1] += 1


@contextlib.contextmanager
def openings(path):
    """A function that says how often Python opened a file in the block."""
    if not _hooked:
        # Python never takes a hook back; without a block this one does nothing.
        sys.addaudithook(_count)
        _hooked.append(True)
    counter = [os.fspath(path), 0]
    _counters.append(counter)
    try:
        yield lambda: counter[1]
    finally:
        _counters.remove(counter)
