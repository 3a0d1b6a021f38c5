"""What happens around the steps of a run: the log, the validations, the checkpoints."""

from __future__ import annotations

import math
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.datasets import DataSet
from deeplab_tf.evaluation import Evaluation, evaluate
from deeplab_tf.inference import Predictor, open_predictor
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.models import SegmentationModel, save_model
from deeplab_tf.training.callbacks.curves import draw_curves
from deeplab_tf.training.callbacks.log import TensorBoardLog, write_log
from deeplab_tf.training.callbacks.reporter import Reporter
from deeplab_tf.training.checkpoint import RunState, save_checkpoint
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.errors import explained
from deeplab_tf.training.optimisation.trainer import learning_rate
from deeplab_tf.training.run_folder import RunFolder
from deeplab_tf.training.start import val_split

ROWS_BETWEEN_CHECKPOINTS = 10


class Loop(keras.callbacks.Callback):
    """The callback that keeps a run's folder while Keras trains.

    Args:
        config: The settings.
        folder: Where the run's files go. One that replaces another takes its place at the first checkpoint.
        dataset: The data.
        images: What to validate on, as `evaluation_images` gives it, or None.
        model: The model, not compiled.
        state: How far the run is; kept up to date.
        interrupts: Asked after every step, and every image of a validation, whether to save and end.

    Attributes:
        saved_step: The step of the last checkpoint.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: RunFolder,
        dataset: DataSet,
        images: tf.data.Dataset | None,
        model: SegmentationModel,
        state: RunState,
        interrupts: Interrupts,
    ):
        super().__init__()
        self.config, self.folder, self.dataset, self.images = config, folder, dataset, images
        self.network, self.state, self.saved_step, self.interrupts = model, state, state.step, interrupts
        self._predictor = _Stoppable(open_predictor(model), interrupts) if images is not None else None
        self._row_steps = max(1, config.eval_steps // ROWS_BETWEEN_CHECKPOINTS)
        self._schedule = learning_rate(config)
        self._began = time.monotonic() - state.seconds
        self._saved = time.monotonic()
        self._row_began, self._row_images = None, 0
        self._reporter = Reporter(config.steps, state.step, config.batch_size)
        self._board = TensorBoardLog(folder.tensorboard, state.rows)

    def on_epoch_begin(self, epoch, logs=None):
        # Keras has just set them to zero.
        for variable, value in zip(self._loss_variables(), self.state.loss_sums):
            variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        loss = float(logs["loss"])
        self.state.step += 1
        self._reporter.step(loss)
        if not math.isfinite(loss):
            raise ValueError(self._diverged("loss", loss))
        self.state.loss, self.state.loss_sums = loss, []
        # The first step holds the tracing of the network and says nothing about the speed.
        if self._row_began is None:
            self._row_began = time.monotonic()
        else:
            self._row_images += self.config.batch_size
        self.catch_up()
        if self.interrupts.pending:
            self._reporter.say(f"Saving step {self.state.step}; a second interrupt ends at once.")
            self._save_between()
            raise Interruption(number=self.interrupts.pending)
        minutes = self.config.checkpoint_minutes
        if minutes and time.monotonic() - self._saved >= 60 * minutes:
            self._save_between()

    def catch_up(self) -> None:
        """Logs, validates and saves as the step wants it, unless that has been done or an interrupt comes."""
        validate = self.state.step > 0 and (
            self.state.step % self.config.eval_steps == 0 or self.state.step == self.config.steps
        )
        if self._row_is_there() or not (validate or self.state.step % self._row_steps == 0):
            return
        try:
            self._add_row(self.state.loss, validate)
        except _Stopped:
            return
        self.model.reset_metrics()
        self._row_began, self._row_images = time.monotonic(), 0
        self._reporter.pause()

    def close(self) -> None:
        """Ends the log and the bar, however training ended."""
        self._board.close()
        self._reporter.close()

    def _row_is_there(self) -> bool:
        return self.state.step == (self.state.rows[-1]["step"] if self.state.rows else 0)

    def _loss_variables(self) -> list:
        """What Keras has the mean loss from."""
        return next(metric for metric in self.model.metrics if metric.name == "loss").variables

    def _add_row(self, loss: float, validate: bool) -> None:
        rate = self._row_images / max(time.monotonic() - (self._row_began or 0), 1e-9)
        evaluation = self._validate() if validate and self.images is not None else None
        used = float(self._schedule(self.state.step - 1))
        row = {"step": self.state.step, "loss": loss, "learning_rate": used}
        if evaluation:
            row |= {"val_miou": evaluation.miou, "pixel_accuracy": evaluation.pixel_accuracy}
        if self._row_images:
            row["images_per_second"] = rate
        self.state.seconds = row["seconds"] = time.monotonic() - self._began
        self.state.rows.append(row)
        self.state.loss, self.state.loss_sums = None, []
        write_log(self.folder.log, self.state.rows)
        self._board.add(row)
        if validate:
            self._keep(loss, evaluation)

    def _validate(self) -> Evaluation:
        with explained(self.config, self.dataset, val_split(self.config, self.dataset)):
            return evaluate(self._predictor, self.images, self.dataset.labels)

    def _keep(self, loss: float, evaluation: Evaluation | None) -> None:
        state = self.state
        self._check_weights()
        best = evaluation is None or state.best_miou is None or evaluation.miou > state.best_miou
        said = f"step {state.step} of {self.config.steps}: loss {loss:.3f}"
        if evaluation:
            said += f", val mIoU {evaluation.miou:.4f}, pixel accuracy {evaluation.pixel_accuracy:.4f}"
            said += " (best so far)" if best else ""
        if best:
            state.best_step = state.step
            if evaluation:
                state.best_miou, state.best_pixel_accuracy = evaluation.miou, evaluation.pixel_accuracy
                evaluation.save_csv(self.folder.per_class_csv)
                evaluation.save_json(self.folder.per_class_json)
            save_model(self.network, self.folder.model)
        draw_curves(self.folder.curves, state.rows, Path(self.config.output).name)
        # Last: what a kill leaves undone before is done again, the same, after resuming.
        self._save()
        self._reporter.say(said)

    def _check_weights(self) -> None:
        # The loss of a step tells of the weights before it.
        if not all(np.isfinite(weight).all() for weight in self.network.get_weights()):
            raise ValueError(self._diverged("weights", math.inf))

    def _save_between(self) -> None:
        """A checkpoint where none was due, such that the run goes on from it as if there were none."""
        if self.saved_step == self.state.step:
            return
        self._check_weights()
        if not self._row_is_there():
            self.state.loss_sums = [float(variable) for variable in self._loss_variables()]
        self.state.seconds = time.monotonic() - self._began
        self._save()
        self._reporter.pause()

    def _save(self) -> None:
        save_checkpoint(self.folder.checkpoint, self.network, self.model, self.state)
        self.saved_step, self._saved = self.state.step, time.monotonic()
        if self.folder.replaces is not None:
            # Windows moves no open file.
            self._board.close()
            self.folder = self.folder.take_place()
            self._board = TensorBoardLog(self.folder.tensorboard, self.state.rows)

    def _diverged(self, what: str, value: float) -> str:
        kept = f"The model of step {self.state.best_step} is kept. " if self.state.best_step else ""
        if self.folder.replaces is not None:
            kept = f"The run that was in {self.folder.replaces.path} is kept. "
        return (
            f"The {what} became {value} at step {self.state.step} with learning_rate {self.config.learning_rate:g}. "
            f"{kept}Start again with a lower one, for instance {self.config.learning_rate / 10:g}, and check "
            "the labels of the data if that does not help."
        )


class _Stopped(Exception):
    """An interrupt came in a validation, which resuming begins again."""


class _Stoppable(Predictor):
    """A predictor that stops predicting once there is an interrupt."""

    def __init__(self, inner: Predictor, interrupts: Interrupts):
        self.source, self.labels = inner.source, inner.labels
        self._inner, self._interrupts = inner, interrupts

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        if self._interrupts.pending:
            raise _Stopped
        return self._inner.scores(images)
