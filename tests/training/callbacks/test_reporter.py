"""The lines that a run prints off a terminal."""

import pytest

from deeplab_tf.training.callbacks import reporter
from deeplab_tf.training.callbacks.reporter import Reporter


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [50.0]
    monkeypatch.setattr(reporter.time, "monotonic", lambda: now[0])
    return now


def test_lines_leave_the_first_step_and_pauses_out_of_the_speed(clock, capsys):
    said = Reporter(steps=100, done=10, batch_size=8)
    clock[0] += 60
    said.step(3.0)
    for _ in range(10):
        clock[0] += 2
        said.step(1.5)
    clock[0] += 500
    said.pause()
    clock[0] += 2
    said.step(0.25)
    assert capsys.readouterr().err.splitlines() == [
        "train: step 19 of 100, loss 1.500, 4.0 images/s, 162 s left",
        "train: step 22 of 100, loss 0.250, 4.0 images/s, 156 s left",
    ]


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(reporter.sys.stderr, "isatty", lambda: True)
    said = Reporter(steps=2, done=0, batch_size=4)
    said.step(1.0)
    said.say("a line")
    said.step(0.5)
    said.close()
    shown = capsys.readouterr().err
    assert "a line" in shown
    assert "2/2" in shown
