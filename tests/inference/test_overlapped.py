import contextlib
import threading
import time

import pytest

from deeplab_tf.inference.overlapped import AHEAD, WRITERS, overlapped


class Steps:
    """Read, work and write, noted; items in `bad` fail at the step of their name."""

    def __init__(self, **bad):
        self.bad, self.noted, self.threads = bad, {"read": [], "work": [], "write": []}, {}

    def _step(self, name, item):
        self.noted[name].append(item)
        self.threads.setdefault(name, set()).add(threading.current_thread())
        if self.bad.get(name) == item:
            raise ValueError(f"{name} {item}")
        return item

    def read(self, item):
        return self._step("read", item)

    def work(self, item):
        return self._step("work", item)

    def write(self, item, made):
        # The first take longest.
        time.sleep(0.02 / (1 + item))
        assert made == item
        return self._step("write", item) * 10

    def all(self, items):
        return overlapped(items, self.read, self.work, self.write)


def test_all_in_order_and_each_step_in_its_place():
    steps = Steps()
    assert list(steps.all(range(20))) == [(item, 10 * item) for item in range(20)]
    assert steps.threads["work"] == {threading.main_thread()}
    assert threading.main_thread() not in steps.threads["read"] | steps.threads["write"]
    assert list(Steps().all([])) == []


def test_few_items_are_on_their_way():
    steps, behind = Steps(), []
    for item, _ in steps.all(range(40)):
        behind.append(len(steps.noted["read"]) - item)
    assert max(behind) <= AHEAD + WRITERS + 3


def test_reading_and_writing_go_on_during_the_work():
    meeting = threading.Barrier(3, timeout=10)

    def meet(item, *_):
        # Items 2, 1 and 0 are read, worked on and written at one time, or the barrier breaks.
        if (item, threading.current_thread().name.split("_")[0]) in ((2, "read"), (1, "MainThread"), (0, "write")):
            meeting.wait()
        return item

    assert [item for item, _ in overlapped(range(3), meet, meet, meet)] == [0, 1, 2]


@pytest.mark.parametrize("step", ["read", "work", "write"])
def test_an_error_comes_in_its_turn(step):
    outcomes = list(Steps(**{step: 3}).all(range(6)))
    assert [item for item, _ in outcomes] == list(range(6))
    assert [str(outcome) for _, outcome in outcomes] == ["0", "10", "20", f"{step} 3", "40", "50"]


@pytest.mark.parametrize("step", ["read", "work"])
def test_nothing_behind_an_error_is_worked_on_or_written_unless_asked(step):
    steps = Steps(**{step: 3})
    with contextlib.closing(steps.all(range(9))) as outcomes:
        for item, _ in outcomes:
            if item == 3:
                break
    assert sorted(steps.noted["write"]) == [0, 1, 2]
    assert max(steps.noted["work"]) <= 3


def test_an_interruption_finishes_what_is_being_written():
    steps = Steps()

    def work(item):
        if item == 2:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt):
        list(overlapped(range(9), steps.read, work, steps.write))
    before = list(steps.noted["write"])
    time.sleep(0.05)
    assert steps.noted["write"] == before
    assert set(before) <= {0, 1}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("read_", "write_"))]


def test_a_fault_of_the_program_is_no_outcome():
    with pytest.raises(ZeroDivisionError):
        list(overlapped(range(3), lambda item: 1 / item, lambda made: made, lambda item, made: made))
