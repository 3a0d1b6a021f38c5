"""Functions take turns, and what each takes is noted for each."""

import math
import time

from deeplab_tf.evaluation.speed.timing import Times, rounds


def test_each_round_runs_each_function_once_in_changing_order():
    order = []
    times = {name: Times() for name in "abc"}
    numbers = list(rounds({name: lambda name=name: order.append(name) for name in "abc"}, 12, times))
    turns = ["".join(order[start : start + 3]) for start in range(0, 36, 3)]
    assert numbers == list(range(1, 13))
    assert all(sorted(turn) == ["a", "b", "c"] for turn in turns)
    assert len(set(turns)) > 2
    assert [len(taken.seconds) for taken in times.values()] == [12, 12, 12]


def test_waiting_takes_time_and_no_processor_time():
    times = {"wait": Times()}
    for _ in rounds({"wait": lambda: time.sleep(0.05)}, 3, times):
        pass
    assert times["wait"].median >= 0.05
    assert times["wait"].processor_median < 0.04


def test_median_and_quartiles():
    times = Times([5.0, 1.0, 2.0, 3.0, 4.0], [1.0, 9.0, 2.0])
    assert (times.median, times.quartiles, times.processor_median) == (3.0, (2.0, 4.0), 2.0)
    assert math.isnan(Times().median)
    assert all(math.isnan(value) for value in Times().quartiles)
