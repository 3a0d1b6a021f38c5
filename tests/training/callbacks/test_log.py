"""The log as CSV and as TensorBoard reads it."""

import csv

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from deeplab_tf.training.callbacks.curves import draw_curves
from deeplab_tf.training.callbacks.log import TensorBoardLog, write_log

ROWS = [
    {"step": 10, "loss": 1.23456789, "learning_rate": 0.01, "images_per_second": 9.5, "seconds": 12.0},
    {"step": 20, "loss": 0.5, "learning_rate": 1e-7, "val_miou": 0.25, "pixel_accuracy": 0.75, "seconds": 20.5},
]


def test_csv(tmp_path):
    write_log(tmp_path / "log.csv", ROWS)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "step", "loss", "learning_rate", "val_miou", "pixel_accuracy", "images_per_second", "seconds",
    ]  # fmt: skip
    assert rows[0]["step"] == "10"
    assert float(rows[0]["loss"]) == pytest.approx(1.23457)
    assert rows[0]["val_miou"] == ""
    assert (float(rows[1]["val_miou"]), float(rows[1]["learning_rate"])) == (0.25, 1e-7)


def test_tensorboard_shows_each_step_once_after_a_restart(tmp_path):
    log = TensorBoardLog(tmp_path)
    for row in ROWS:
        log.add(row)
    log.close()
    again = TensorBoardLog(tmp_path, ROWS[:1])
    again.add(ROWS[1])
    again.close()
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    assert [event.step for event in events.Tensors("loss")] == [10, 20]
    assert [event.step for event in events.Tensors("val_miou")] == [20]


def test_curves_are_drawn_with_and_without_validation(tmp_path):
    draw_curves(tmp_path / "with.png", ROWS, "run")
    draw_curves(tmp_path / "without.png", ROWS[:1], "run")
    with_validation, without = ((tmp_path / name).read_bytes() for name in ("with.png", "without.png"))
    widths = [int.from_bytes(png[16:20], "big") for png in (with_validation, without)]
    assert widths[0] > 1.3 * widths[1]
