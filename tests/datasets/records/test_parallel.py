import threading

import pytest

from deeplab_tf.datasets.records.parallel import ordered_map


@pytest.mark.parametrize("workers", [1, 3])
def test_results_keep_the_order(workers):
    assert list(ordered_map(lambda value: value * value, range(50), workers)) == [value**2 for value in range(50)]


def test_one_worker_is_the_calling_thread():
    assert list(ordered_map(lambda _: threading.get_ident(), [0], 1)) == [threading.get_ident()]


def test_work_ahead_is_bounded_and_dropped_when_the_consumer_stops():
    begun = []
    results = ordered_map(begun.append, range(1000), 2)
    next(results)
    results.close()
    assert len(begun) <= 9


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_in_their_turn(workers):
    results = ordered_map(lambda value: 6 // value, [3, 2, 0, 1], workers)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)
