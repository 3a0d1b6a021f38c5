"""The log as CSV and as TensorBoard reads it, in a run and alone."""

import csv

import keras
import numpy as np
import pytest
from PIL import Image

from deeplab_tf.training.callbacks import TrainingLog
from deeplab_tf.training.callbacks import log as log_module
from deeplab_tf.training.callbacks.curves import draw_curves
from deeplab_tf.training.callbacks.log import TensorBoardLog, write_log
from harness.board_events import steps_of

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
    assert steps_of(tmp_path) == [10, 20]
    assert steps_of(tmp_path, "val_miou") == [20]


def test_curves_are_drawn_with_and_without_validation(tmp_path):
    draw_curves(tmp_path / "with.png", ROWS, "run")
    draw_curves(tmp_path / "without.png", ROWS[:1], "run")
    with_validation, without = ((tmp_path / name).read_bytes() for name in ("with.png", "without.png"))
    widths = [int.from_bytes(png[16:20], "big") for png in (with_validation, without)]
    assert widths[0] > 1.3 * widths[1]


def test_the_measure_that_decides_has_a_column_of_its_own_behind_the_others_and_a_curve(known, published, tmp_path):
    class Edges(published):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            logs["val_boundary_iou"] = (float("nan"), 0.25)[epoch]

    log = TrainingLog(tmp_path / "log.csv", tmp_path / "board", monitor="val_boundary_iou")
    known.fit(Edges(0.5, 0.5), log, epochs=2)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[-1] for line in lines] == ["val_boundary_iou", "", "0.25"]
    assert steps_of(tmp_path / "board", "val_boundary_iou") == [8]
    pictures = []
    for monitor in ("val_mean_iou", "val_boundary_iou"):
        draw_curves(tmp_path / "curves.png", log.state.rows, "run", monitor=monitor)
        pictures.append(np.asarray(Image.open(tmp_path / "curves.png"))[..., :3].astype(int))
    greens = [(picture[..., 1] > picture[..., [0, 2]].max(-1) + 40).sum() for picture in pictures]
    assert greens[0] == 0 < greens[1]


def test_rows_within_an_epoch_have_the_mean_loss_since_the_one_before(known, published, tmp_path):
    log = TrainingLog(tmp_path / "log.csv", tmp_path / "board", every=2, batch_size=1)
    known.fit(published(0.5), log)
    first, second = log.state.rows
    assert (first["step"], first["loss"], first["learning_rate"]) == (2, 2.5, 0.0)
    assert (second["step"], second["loss"], second["val_miou"], second["pixel_accuracy"]) == (4, 12.5, 0.5, 0.75)
    assert 0 < first["images_per_second"] < 1e6
    assert 0 < first["seconds"] <= second["seconds"]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    assert (steps_of(tmp_path / "board"), steps_of(tmp_path / "board", "val_miou")) == ([2, 4], [4])


def test_steps_that_keras_makes_at_once_all_count(known, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(log_module.time, "monotonic", lambda: now[0])
    clock = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: now.__setitem__(0, now[0] + 1))
    known.model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False, steps_per_execution=2)
    log = TrainingLog(tmp_path / "log.csv", every=3, batch_size=4)
    known.fit(clock, log, losses=range(10))
    # 3 lies within the second two steps, 6 and 9 end or lie within others.
    assert [row["step"] for row in log.state.rows] == [4, 6, 10]
    assert [row["images_per_second"] for row in log.state.rows] == [8, 8, 8]


def test_rows_of_epochs_go_on_from_the_optimisers_step(known, tmp_path):
    known.fit()
    log = TrainingLog(tmp_path / "log.csv", schedule=keras.optimizers.schedules.PolynomialDecay(16.0, 16, 0.0))
    known.fit(log, epochs=2)
    assert [(row["step"], row["loss"], row["learning_rate"]) for row in log.state.rows] == [(8, 7.5, 9), (12, 7.5, 5)]
    assert "images_per_second" not in log.state.rows[0]


def test_a_row_at_which_training_is_stopped_stands_once(known, published, tmp_path):
    def stop(batch, logs):
        known.model.stop_training = batch == 1

    stopping = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    log = TrainingLog(tmp_path / "log.csv", tmp_path / "board", every=2)
    known.fit(published(0.5), log, stopping)
    (row,) = log.state.rows
    assert (row["step"], row["loss"], row["val_miou"]) == (2, 2.5, 0.5)
    assert (steps_of(tmp_path / "board"), steps_of(tmp_path / "board", "val_miou")) == ([2], [2])
