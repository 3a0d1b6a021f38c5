"""The callbacks of a run, in their order, and where their files go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from deeplab_tf import checks
from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.evaluation import Evaluation
from deeplab_tf.evaluation.metrics import METRICS
from deeplab_tf.interrupts import Interrupts
from deeplab_tf.models import SegmentationModel
from deeplab_tf.training.callbacks import (
    BestModel,
    Checkpoint,
    Curves,
    Divergence,
    NoProgress,
    TrainingLog,
    TrainingProgress,
    Validation,
    ValidationBoard,
)
from deeplab_tf.training.callbacks.epochs import EpochsOfSteps
from deeplab_tf.training.callbacks.validation import MEAN_IOU
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import val_split
from deeplab_tf.training.errors import explained
from deeplab_tf.training.optimisation.trainer import learning_rate
from deeplab_tf.training.run_folder import RunFolder
from deeplab_tf.training.state import RunState

ROWS_BETWEEN_CHECKPOINTS = 10


class RunCallbacks:
    """What happens between the steps of a run.

    Args:
        config: The settings.
        folder: Where the run's files go. One that replaces another takes its place at the first checkpoint.
        dataset: The data.
        images: What to validate on, as `evaluation_images` gives it, or None.
        model: The model, not compiled.
        state: How far the run is; kept up to date.
        interrupts: Asked after every step, and every image of a validation, whether to save and end.
        callbacks: The user's own.
        chief: Whether this process writes and measures; others only count steps.
        files: As for `Divergence`.

    Attributes:
        order: The callbacks, as they are called.
        epochs: All of them as the one to give `fit`.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: RunFolder,
        dataset: DataSet | ImageData,
        images: tf.data.Dataset | None,
        model: SegmentationModel,
        state: RunState,
        interrupts: Interrupts,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        chief: bool = True,
        files: Callable[[int], Sequence[str]] | None = None,
    ):
        self.config, self.folder, self.dataset, self.state, self.interrupts = config, folder, dataset, state, interrupts
        self.model, self._chief = model, chief
        validation = None if images is None else _Validation(config, dataset, images, model, interrupts)
        best_by = config.best_by
        monitor = {"miou": MEAN_IOU, "loss": "loss"}.get(best_by, f"val_{best_by}")
        self._log = TrainingLog(
            folder.log,
            folder.tensorboard,
            every=max(1, config.eval_steps // ROWS_BETWEEN_CHECKPOINTS),
            batch_size=config.batch_size,
            schedule=learning_rate(config),
            monitor=monitor,
            state=state,
        )
        self._best = BestModel(
            folder.model,
            model=model,
            validation=validation,
            monitor=monitor,
            mode="min" if best_by == "loss" else "max",
            state=state,
        )
        self._board = None if validation is None else ValidationBoard(folder.validations, validation, state=state)
        self._curves = Curves(folder.curves, Path(config.output).name, state, monitor=monitor)
        self._progress = TrainingProgress(config.batch_size, config.last_step, state, monitor=monitor)
        self.checkpoint = Checkpoint(
            folder.checkpoint,
            model=model,
            minutes=config.checkpoint_minutes,
            interrupts=interrupts,
            on_save=self._take_place,
            state=state,
        )
        self.order = [
            Divergence(state, files=files),
            *([] if validation is None else [validation]),
            self._log,
            *([] if self._board is None else [self._board]),
            self._best,
            *([] if config.patience is None else [NoProgress(config.patience, state)]),
            self._curves,
            self._progress,
            *callbacks,
            self.checkpoint,
        ]
        self.epochs = EpochsOfSteps(self.order if chief else [], config.eval_steps, config.last_step, state)

    def close(self) -> None:
        """Ends what they have open, however training ended."""
        for callback in (self._log, self._progress):
            callback.close()

    def kept(self) -> str:
        """What remains of a run that diverged, as a sentence."""
        if self.folder.replaces is not None:
            return f"The run that was in {self.folder.replaces.path} is kept. "
        return (
            f"The model of step {self.state.best_step} is kept in {self.folder.model}. " if self.state.best_step else ""
        )

    def left_by_bad_data(self, split: str) -> str:
        """Saves what was done before data could not be read, and says how to go on, in a sentence to add."""
        # A run that would replace another has not begun before its first checkpoint.
        if not self._chief or not self.state.step or self.folder.replaces is not None:
            return ""
        self.checkpoint.save_between()
        # A file that is mended has another size than the damaged one, which the run began with.
        self.folder.forget_files(split)
        return f" Once that is mended, --resume goes on from step {self.checkpoint.saved_step} ({self.config.output})."

    def left_by_interrupt(self) -> str:
        """What an interrupt leaves, as a sentence."""
        state, output = self.state, self.config.output
        if not self._chief:
            return f"Interrupted at step {state.step}; the first worker saves the run ({output})."
        if self.folder.replaces is not None:
            return f"Interrupted at step {state.step}, before the first checkpoint; the run in {output} is as it was."
        if self.checkpoint.saved_step == state.step and self.folder.is_finished(state):
            if self.config.fast_dev_run:
                return (
                    f"Interrupted after the last step of a trial ({output}), before loading and export were tried. "
                    "Start it again."
                )
            return f"Interrupted after the last step; the run in {output} is complete."
        return f"Interrupted at step {state.step}; --resume goes on from step {self.checkpoint.saved_step} ({output})."

    def _take_place(self) -> None:
        if self.folder.replaces is None:
            return
        # Windows moves no open file.
        self._log.close()
        self.folder = self.folder.take_place()
        self._log.move(self.folder.log, self.folder.tensorboard)
        self._best.path, self._curves.path = self.folder.model, self.folder.curves
        if self._board is not None:
            self._board.folder = self.folder.validations
        self.checkpoint.path = self.folder.checkpoint


class _Validation(Validation):
    """A validation whose errors name the damaged file of the split."""

    def __init__(self, config, dataset, images, model, interrupts):
        metrics = [config.best_by] if config.best_by in METRICS else []
        super().__init__(
            images,
            dataset.labels,
            model=model,
            metrics=metrics,
            examples=config.panel_images,
            interrupts=interrupts,
        )
        self._config, self._dataset = config, dataset

    def measure(self) -> Evaluation:
        with explained(self._config, self._dataset, val_split(self._config, self._dataset)):
            return super().measure()


def check_callbacks(callbacks: Iterable[keras.callbacks.Callback]) -> list[keras.callbacks.Callback]:
    """The callbacks as a list.

    Raises:
        ValueError: If they are not Keras callbacks.
    """
    given = list(callbacks) if isinstance(callbacks, Iterable) else callbacks
    if not isinstance(given, list) or not all(isinstance(one, keras.callbacks.Callback) for one in given):
        remedy = "Give objects of subclasses of keras.callbacks.Callback."
        if isinstance(given, keras.callbacks.Callback):
            remedy = f"Put it into a list: [{type(given).__name__}(...)]."
        checks.expect(False, "callbacks", callbacks, "a list of Keras callbacks", remedy)
    return given
