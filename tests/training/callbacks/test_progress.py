"""What a training shows of its steps."""

import sys

import keras

from deeplab_tf import progress
from deeplab_tf.training.callbacks import RunState, TrainingProgress


def test_lines_have_the_loss_and_the_images_per_second(known, published, logged, monkeypatch):
    now = [50.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def pass_time(batch, logs):
        now[0] += 20

    clock = keras.callbacks.LambdaCallback(on_train_batch_begin=pass_time)
    # What a validation takes is not in the speed.
    slow = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: now.__setitem__(0, now[0] + 1000))
    shown = TrainingProgress(batch_size=8, state=RunState(step=10, best_step=14))
    known.fit(clock, published(0.5, 0.25), shown, slow, losses=(3.0, 1.0, 4.0, 4.0), epochs=2)
    assert logged.messages == [
        "train: 12 of 18 steps, loss 2.000, 0.4 images/s, 120 s left",
        "train: 13 of 18 steps, loss 2.667, 0.4 images/s, 100 s left",
        "train: 14 of 18 steps, loss 3.000, 0.4 images/s, 80 s left",
        "step 14 of 18: loss 3.000, val mIoU 0.5000, pixel accuracy 0.7500 (best so far)",
        "train: 15 of 18 steps, loss 3.000, 0.4 images/s, 60 s left",
        "train: 16 of 18 steps, loss 2.000, 0.4 images/s, 40 s left",
        "train: 17 of 18 steps, loss 2.667, 0.4 images/s, 20 s left",
        "train: 18 of 18 steps, loss 3.000, 0.4 images/s, 0 s left",
        "step 18 of 18: loss 3.000, val mIoU 0.2500, pixel accuracy 0.7500",
    ]


def test_a_line_has_the_measure_that_decides(known, published, logged):
    edges = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_boundary_iou=0.125))
    known.fit(published(0.5), edges, TrainingProgress(1, monitor="val_boundary_iou"))
    assert logged.messages[-1].endswith("val mIoU 0.5000, pixel accuracy 0.7500, boundary IoU 0.1250")


def test_steps_that_keras_makes_at_once_all_count(known, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    known.model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False, steps_per_execution=2)
    known.fit(TrainingProgress(batch_size=4))
    assert "4/4" in capsys.readouterr().err.rstrip()


def test_a_terminal_gets_a_bar_that_stays(known, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    known.fit(TrainingProgress(batch_size=4))
    shown = capsys.readouterr().err.rstrip()
    assert "4/4" in shown
    assert shown.endswith("images/s]")
