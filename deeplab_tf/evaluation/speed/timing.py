"""Times of several functions in one run, in which they take turns."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

# Threads of a runtime look for more work for some milliseconds after a run, and would slow the next one.
PAUSE = 0.005


@dataclasses.dataclass
class Times:
    """What the runs of one function took.

    Args:
        seconds: Of each run.
        processor_seconds: Time of all processors together, of each run.

    Example:
        >>> Times([0.2, 0.1, 0.3], [0.4, 0.2, 0.6]).median
        0.2
    """

    seconds: list[float] = dataclasses.field(default_factory=list)
    processor_seconds: list[float] = dataclasses.field(default_factory=list)

    @property
    def median(self) -> float:
        """Of the seconds; NaN before the first run."""
        return median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Of the seconds: a quarter of the runs took less than the first, a quarter more than the second."""
        if not self.seconds:
            return float("nan"), float("nan")
        low, high = np.quantile(self.seconds, (0.25, 0.75)).tolist()
        return low, high

    @property
    def processor_median(self) -> float:
        """Of the processor time; NaN before the first run."""
        return median(self.processor_seconds)

    def measure(self, function: Callable[[], object]) -> None:
        """Adds one run of `function`."""
        time.sleep(PAUSE)
        start, busy = time.perf_counter(), time.process_time()
        function()
        self.processor_seconds.append(time.process_time() - busy)
        self.seconds.append(time.perf_counter() - start)


def median(values: list[float]) -> float:
    """NaN of nothing."""
    return float(np.median(values)) if values else float("nan")


def rounds(functions: Mapping[str, Callable[[], object]], runs: int, times: Mapping[str, Times]) -> Iterator[int]:
    """Runs each function once in each round, in an order drawn for each round, so that a busy machine slows all alike.

    Args:
        functions: By name. Whatever is slower at first, as tracing is, has been run before.
        runs: Number of rounds.
        times: By name, where each run is noted.

    Yields:
        The number of each round that is over.

    Example:
        >>> times = {"sum": Times(), "sort": Times()}
        >>> list(rounds({"sum": lambda: sum(range(9)), "sort": lambda: sorted("abc")}, 3, times))
        [1, 2, 3]
        >>> len(times["sum"].seconds)
        3
    """
    generator, names = np.random.default_rng(0), list(functions)
    for number in range(1, runs + 1):
        for index in generator.permutation(len(names)):
            times[names[index]].measure(functions[names[index]])
        yield number
