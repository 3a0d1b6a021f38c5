"""What a run shows of its steps."""

import sys

from deeplab_tf import progress
from deeplab_tf.training.callbacks.reporter import Reporter


def test_lines_have_the_loss_and_the_images_per_second(monkeypatch, logged):
    now = [50.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    said = Reporter(steps=100, done=10, batch_size=8)
    for loss in (3.0, 0.25):
        now[0] += 20
        said.step(loss)
    said.say("a line")
    assert logged.messages == ["train: 12 of 100 steps, loss 0.250, 0.4 images/s, 29 min left", "a line"]


def test_a_terminal_gets_a_bar_that_stays(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = Reporter(steps=2, done=0, batch_size=4)
    for _ in range(2):
        said.step(1.0)
    said.close()
    assert capsys.readouterr().err.rstrip().endswith("images/s]")
