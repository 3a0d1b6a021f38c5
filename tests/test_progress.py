"""Progress: the items pass unchanged; off a terminal a line is logged now and then; one switch turns all of it off."""

import os
import subprocess
import sys

import pytest

from deeplab_tf import progress
from deeplab_tf.progress import Progress, plural, show, track


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_with_speed_and_time_left(clock, logged, capsys):
    seen = []
    for item in track(range(8), 8, "convert"):
        seen.append(item)
        clock[0] += 10
    assert seen == list(range(8))
    assert logged.messages[0] == "convert: 2 of 8 images, 10.0 s each, 60 s left"
    assert len(logged.messages) == 4
    assert {record.name.partition(".")[0] for record in logged.records} == {"deeplab_tf"}
    assert capsys.readouterr() == ("", "")


def test_short_work_says_nothing(clock, logged):
    assert list(track("abc", 3, "convert")) == ["a", "b", "c"]
    assert not logged.messages


def test_unknown_totals_have_no_time_left(clock, logged):
    for _ in track(range(3), None, "read", "record"):
        clock[0] += 20
    assert logged.messages[0] == "read: 2 records, 20.0 s each"


def test_quick_work_is_told_by_the_second(clock, logged):
    for _ in track(range(100), None, "read"):
        clock[0] += 0.25
    assert logged.messages == ["read: 60 images, 4.0 per second"]


def test_the_first_item_does_not_count_for_the_speed(clock, logged):
    for index in track(range(4), 4, "evaluate"):
        clock[0] += 30 if index == 0 else 15
    assert logged.messages[0] == "evaluate: 2 of 4 images, 15.0 s each, 30 s left"


@pytest.mark.parametrize("steps, left", [(14, "240 s"), (302, "100 min"), (3002, "16.7 h")])
def test_long_times_are_told_in_minutes_and_hours(clock, logged, steps, left):
    work = Progress(steps, "train", "step")
    for _ in range(2):
        clock[0] += 20
        work.step(lambda rate: f"loss 1.500, {40 * rate:.1f} images/s")
    assert logged.messages == [f"train: 2 of {steps} steps, loss 1.500, 2.0 images/s, {left} left"]


def test_steps_done_before_and_pauses_do_not_count_for_the_speed(clock, logged):
    work = Progress(100, "train", "step", done=10)
    clock[0] += 60
    work.step()
    for _ in range(10):
        clock[0] += 2
        work.step()
    clock[0] += 500
    work.pause()
    clock[0] += 2
    work.step()
    assert work.rate == 0.5
    assert logged.messages == [
        "train: 12 of 100 steps, 2.0 s each, 176 s left",
        "train: 20 of 100 steps, 2.0 s each, 160 s left",
        "train: 22 of 100 steps, 2.0 s each, 156 s left",
    ]


@pytest.mark.parametrize(
    "unit, count, expected", [("batch", 16, "batches"), ("image", 2, "images"), ("image", 1, "image")]
)
def test_units_in_the_plural(unit, count, expected):
    assert plural(unit, count) == expected


def test_a_terminal_gets_a_bar(capsys, logged, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(track(range(3), 3, "convert")) == [0, 1, 2]
    assert "convert" in capsys.readouterr().err
    assert not logged.messages


def test_the_switch_turns_off_bars_and_lines(clock, logged, capsys, monkeypatch):
    def work():
        for _ in track(range(3), 3, "convert"):
            clock[0] += 20

    with show(False):
        work()
        with show(True):
            work()
        assert logged.messages[-1] == "convert: 3 of 3 images, 20.0 s each, 0 s left"
        logged.clear()
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        work()
    assert not logged.messages
    assert capsys.readouterr().err == ""
    work()
    assert "convert" in capsys.readouterr().err


def test_the_switch_stays_where_it_is_put():
    before = progress.is_shown()
    show(False)
    assert not progress.is_shown()
    show(before)


@pytest.mark.parametrize("value, shown", [("0", False), ("off", False), ("1", True), (None, True)])
def test_the_environment_sets_the_switch(value, shown):
    environment = {name: text for name, text in os.environ.items() if name != progress.VARIABLE}
    environment |= {} if value is None else {progress.VARIABLE: value}
    command = [sys.executable, "-c", "import deeplab_tf.progress as p; print(p.is_shown())"]
    assert subprocess.check_output(command, env=environment, text=True).strip() == str(shown)
