"""Progress: the items pass unchanged; off a terminal a line comes now and then."""

import sys

import pytest

from deeplab_tf import progress
from deeplab_tf.progress import plural, track


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_with_speed_and_time_left(clock, capsys):
    seen = []
    for item in track(range(8), 8, "convert"):
        seen.append(item)
        clock[0] += 10
    assert seen == list(range(8))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "convert: 2 of 8 images, 10.0 s each, 60 s left"
    assert len(lines) == 4


def test_short_work_says_nothing(clock, capsys):
    assert list(track("abc", 3, "convert")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_unknown_totals_have_no_time_left(clock, capsys):
    for _ in track(range(3), None, "read", "record"):
        clock[0] += 20
    assert capsys.readouterr().err.splitlines()[0] == "read: 2 records, 20.0 s each"


def test_quick_work_is_told_by_the_second(clock, capsys):
    for _ in track(range(100), None, "read"):
        clock[0] += 0.25
    assert capsys.readouterr().err == "read: 60 images, 4.0 per second\n"


def test_the_first_item_does_not_count_for_the_speed(clock, capsys):
    for index in track(range(4), 4, "evaluate"):
        clock[0] += 30 if index == 0 else 15
    assert capsys.readouterr().err.splitlines()[0] == "evaluate: 2 of 4 images, 15.0 s each, 30 s left"


@pytest.mark.parametrize(
    "unit, count, expected", [("batch", 16, "batches"), ("image", 2, "images"), ("image", 1, "image")]
)
def test_units_in_the_plural(unit, count, expected):
    assert plural(unit, count) == expected


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(track(range(3), 3, "convert")) == [0, 1, 2]
    assert "convert" in capsys.readouterr().err
