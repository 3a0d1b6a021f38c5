"""Training: from settings to a run folder, and resuming a run that was cut off."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.training.callbacks import Diverged
from deeplab_tf.training.callbacks.validation import ValidationStopped
from deeplab_tf.training.checkpoint import load_state, restore_training, save_checkpoint
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import batches_of, opened_data, validation_images
from deeplab_tf.training.errors import explained
from deeplab_tf.training.optimisation.balance import balance
from deeplab_tf.training.optimisation.trainer import for_outputs, make_optimizer, make_trainer
from deeplab_tf.training.record import resolved
from deeplab_tf.training.run_callbacks import RunCallbacks, check_callbacks
from deeplab_tf.training.run_folder import RunFolder
from deeplab_tf.training.start import recalibrate, start, warn_of_small_crops
from deeplab_tf.training.state import RunState
from deeplab_tf.training.trial import check_usable

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class TrainResult:
    """What a run came to.

    Args:
        output: The run folder; `load_model` and all commands that take a model take it.
        step: Steps done.
        best_step: The step that `model.keras` holds: the best of all validations, or the last checkpoint without
            them.
        miou: Its mean IoU on the validation split, 0-1, or None.
        pixel_accuracy: Its pixel accuracy, 0-1, or None.
    """

    output: Path
    step: int
    best_step: int
    miou: float | None
    pixel_accuracy: float | None

    def __str__(self) -> str:
        measured = "" if self.miou is None else f", val mIoU {self.miou:.4f}"
        return f"{self.output}: {self.step} steps, model of step {self.best_step}{measured}"


def train(
    config: TrainConfig, callbacks: Sequence[keras.callbacks.Callback] = (), *, overwrite: bool = False
) -> TrainResult:
    """One run, as `deeplab_tf.training.train` has it."""
    callbacks, folder = check_callbacks(callbacks), RunFolder(config.output)
    with Interrupts() as interrupts, locked_folder(folder.path, "a training run"):
        folder.recover()
        folder.check_free(overwrite)
        with opened_data(config) as dataset:
            return _begin(config, folder, dataset, interrupts, callbacks)


def resume(output: str | os.PathLike, callbacks: Sequence[keras.callbacks.Callback] = (), **settings) -> TrainResult:
    """Goes on with one run, as `deeplab_tf.training.resume` has it."""
    callbacks, folder = check_callbacks(callbacks), RunFolder(output)
    with Interrupts() as interrupts, locked_folder(folder.path, "a training run"):
        folder.recover()
        config = folder.resumed_config(settings)
        with opened_data(config) as dataset:
            folder.check_same_data(dataset)
            go_on = _go_on if folder.checkpoint.is_file() else _begin
            return go_on(config, folder, dataset, interrupts, callbacks)


def _go_on(
    config: TrainConfig, folder: RunFolder, dataset: DataSet | ImageData, interrupts: Interrupts, callbacks: list
) -> TrainResult:
    with _precision(config.mixed_precision):
        model, state = load_state(folder.checkpoint)
        if folder.is_finished(state):
            _log.info(
                "%s: all %d steps are done; there is nothing to resume. To train further, start another run from it: "
                "--weights %s, with another --output.",
                folder.path,
                state.step,
                folder.path,
            )
            return _result(folder, state)
        keras.utils.set_random_seed(config.seed)
        weights = balance(config, dataset, folder.read_resolved().get("class_weights"))
        batches = batches_of(config, dataset, model, state.step, weights.image_weights)
        images = validation_images(config, dataset)
        trainer = make_trainer(model, config, weights.class_weights)
        restore_training(folder.checkpoint, model, trainer)
        return _fit(
            batches, trainer, RunCallbacks(config, folder, dataset, images, model, state, interrupts, callbacks)
        )


def _begin(
    config: TrainConfig, folder: RunFolder, dataset: DataSet | ImageData, interrupts: Interrupts, callbacks: list
) -> TrainResult:
    with _precision(config.mixed_precision):
        keras.utils.set_random_seed(config.seed)
        config, model = start(config, dataset)
        # A wrong setting of the optimiser is found before minutes of counting and measuring.
        make_optimizer(config)
        state = RunState()
        warn_of_small_crops(config, dataset)
        weights = balance(config, dataset)
        batches = batches_of(config, dataset, model, state.step, weights.image_weights)
        images = validation_images(config, dataset)
        recalibrated = recalibrate(config, dataset, model, weights.image_weights)
        trainer = make_trainer(model, config, weights.class_weights)
        with _new(folder) as new:
            new.write_config(config, resolved(config, dataset, model, weights, recalibrated))
            save_checkpoint(new.checkpoint, model, trainer, state)
            return _fit(
                batches, trainer, RunCallbacks(config, new, dataset, images, model, state, interrupts, callbacks)
            )


@contextlib.contextmanager
def _new(folder: RunFolder) -> Iterator[RunFolder]:
    """Where a new run goes; whatever fails before its first checkpoint leaves the folder as it was."""
    if folder.has_steps or folder.model.is_file():
        begun = folder.begin_replacing()
        try:
            yield begun
        finally:
            begun.discard()
        return
    folder.clear()
    try:
        yield folder
    except Exception:
        if not folder.has_steps:
            folder.clear()
        raise


def _fit(batches: tf.data.Dataset, trainer: keras.Model, run: RunCallbacks) -> TrainResult:
    config, state = run.config, run.state
    try:
        with run.interrupts.noted(), explained(config, run.dataset, config.train_split):
            try:
                _steps(batches, trainer, run)
            except ValidationStopped:
                run.checkpoint.save_between()
                raise
    except Diverged as error:
        raise Diverged(error.what, error.value, error.step, config.learning_rate, _what_is_kept(run)) from None
    except KeyboardInterrupt as error:
        number = getattr(error, "number", signal.SIGINT)
        raise Interruption(_what_an_interrupt_leaves(run), number) from None
    finally:
        run.close()
    if config.fast_dev_run:
        check_usable(config, run.folder)
    return _result(run.folder, state)


def _steps(batches: tf.data.Dataset, trainer: keras.Model, run: RunCallbacks) -> None:
    # Before all else, what an interrupt in a validation left to do.
    run.epochs.begin(trainer)
    left = run.config.last_step - run.state.step
    if not left or trainer.stop_training:
        run.epochs.on_train_end()
        return
    # One "epoch" for Keras: its own are all of one length, and a run goes on from any step.
    trainer.fit(for_outputs(trainer, batches), steps_per_epoch=left, shuffle=False, verbose=0, callbacks=[run.epochs])


def _what_is_kept(run: RunCallbacks) -> str:
    if run.folder.replaces is not None:
        return f"The run that was in {run.folder.replaces.path} is kept. "
    return f"The model of step {run.state.best_step} is kept in {run.folder.model}. " if run.state.best_step else ""


def _what_an_interrupt_leaves(run: RunCallbacks) -> str:
    state, output = run.state, run.config.output
    if run.folder.replaces is not None:
        return f"Interrupted at step {state.step}, before the first checkpoint; the run in {output} is as it was."
    if run.checkpoint.saved_step == state.step and run.folder.is_finished(state):
        return f"Interrupted after the last step; the run in {output} is complete."
    return f"Interrupted at step {state.step}; --resume goes on from step {run.checkpoint.saved_step} ({output})."


@contextlib.contextmanager
def _precision(mixed: bool) -> Iterator[None]:
    before = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _result(folder: RunFolder, state: RunState) -> TrainResult:
    best_step = state.step if state.best_step is None else state.best_step
    return TrainResult(folder.path, state.step, best_step, state.best_miou, state.best_pixel_accuracy)
