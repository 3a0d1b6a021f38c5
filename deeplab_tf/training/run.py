"""Training: from settings to a run folder, and resuming a run that was cut off."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.evaluation.evaluation import title
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.training.callbacks import Diverged
from deeplab_tf.training.callbacks.validation import ValidationStopped
from deeplab_tf.training.checkpoint import load_state, read_state, restore_training, save_checkpoint
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import batches_of, files_of, opened_data, validation_images, warn_of_no_labels
from deeplab_tf.training.devices import devices_of
from deeplab_tf.training.errors import BadData, explained
from deeplab_tf.training.optimisation.balance import balance
from deeplab_tf.training.optimisation.trainer import for_outputs, make_optimizer, make_trainer
from deeplab_tf.training.record import resolved, versions
from deeplab_tf.training.run_callbacks import RunCallbacks, check_callbacks
from deeplab_tf.training.run_folder import FREE, RunFolder
from deeplab_tf.training.same_data import check_same_everywhere
from deeplab_tf.training.start import precision, recalibrate, start, warn_of_small_crops
from deeplab_tf.training.state import RunState
from deeplab_tf.training.strategy import OneDevice
from deeplab_tf.training.trial import check_usable
from deeplab_tf.training.workers import is_follower

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
        best_by: What decided which is the best, as in the settings.
        best_value: Its value of that; None where that is the mean IoU.
    """

    output: Path
    step: int
    best_step: int
    miou: float | None
    pixel_accuracy: float | None
    best_by: str = "miou"
    best_value: float | None = None

    def __str__(self) -> str:
        measured = "" if self.miou is None else f", val mIoU {self.miou:.4f}"
        measured += "" if self.best_value is None else f", {title(self.best_by)} {self.best_value:.4f}"
        return f"{self.output}: {self.step} steps, model of step {self.best_step}{measured}"


def train(
    config: TrainConfig, callbacks: Sequence[keras.callbacks.Callback] = (), *, overwrite: bool = False
) -> TrainResult:
    """One run, as `deeplab_tf.training.train` has it."""
    # Not when it is resumed: what began before this was refused ends.
    config.check_said_once()
    callbacks, folder = check_callbacks(callbacks), RunFolder(config.output)
    with Interrupts() as interrupts, _written(folder, lambda: config) as writes:
        if writes:
            folder.check_free(overwrite)
        with devices_of(config, _told(config)) as devices, opened_data(config) as dataset:
            check_same_everywhere(devices, config, dataset)
            return _begin(config, folder, dataset, devices, interrupts, callbacks)


def resume(output: str | os.PathLike, callbacks: Sequence[keras.callbacks.Callback] = (), **settings) -> TrainResult:
    """Goes on with one run, as `deeplab_tf.training.resume` has it."""
    callbacks, folder = check_callbacks(callbacks), RunFolder(output)
    with Interrupts() as interrupts, _written(folder, lambda: folder.resumed_config(settings)):
        config = folder.resumed_config(settings)
        step = read_state(folder.checkpoint).step if folder.checkpoint.is_file() else None
        told = {**_told(config), "step of the checkpoint": step}
        with devices_of(config, told) as devices, opened_data(config) as dataset:
            folder.check_same_data(dataset)
            check_same_everywhere(devices, config, dataset)
            go_on = _begin if step is None else _go_on
            return go_on(config, folder, dataset, devices, interrupts, callbacks)


@contextlib.contextmanager
def _written(folder: RunFolder, read: Callable[[], TrainConfig]) -> Iterator[bool]:
    """Makes this process the one that writes to the folder; whether it is: of several workers only the first is."""
    if is_follower(read):
        yield False
        return
    with locked_folder(folder.path, "a training run"):
        folder.recover()
        yield True


def _told(config: TrainConfig) -> dict:
    """What must be the same for all workers of a run."""
    settings = {name: value for name, value in config.flat().items() if name not in (*FREE, "output")}
    return {**settings, **versions()}


def _go_on(
    config: TrainConfig,
    folder: RunFolder,
    dataset: DataSet | ImageData,
    devices: OneDevice,
    interrupts: Interrupts,
    callbacks: list,
) -> TrainResult:
    with precision(config.mixed_precision):
        with devices.scope():
            model, state = load_state(folder.checkpoint)
            folder.check_same_model(model)
            if folder.is_finished(state):
                _log.info(
                    "%s: all %d steps are done; there is nothing to resume. To train further, start another run from "
                    "it: --weights %s, with another --output.",
                    folder.path,
                    state.step,
                    folder.path,
                )
                return _result(config, folder, state)
            keras.utils.set_random_seed(config.seed)
            weights = balance(config, dataset, folder.read_resolved().get("class_weights"))
            batches = batches_of(config, dataset, model, state.step, weights.image_weights, devices.part)
            images = validation_images(config, dataset)
            trainer = make_trainer(model, config, weights.class_weights)
            restore_training(folder.checkpoint, model, trainer)
        files = files_of(config, dataset, weights.image_weights)
        run = RunCallbacks(config, folder, dataset, images, model, state, interrupts, callbacks, devices.chief, files)
        return _fit(batches, trainer, run, devices)


def _begin(
    config: TrainConfig,
    folder: RunFolder,
    dataset: DataSet | ImageData,
    devices: OneDevice,
    interrupts: Interrupts,
    callbacks: list,
) -> TrainResult:
    with precision(config.mixed_precision):
        with devices.scope():
            keras.utils.set_random_seed(config.seed)
            config, model = start(config, dataset)
            # A wrong setting of the optimiser is found before minutes of counting and measuring.
            make_optimizer(config)
            state = RunState()
            warn_of_small_crops(config, dataset)
            weights = balance(config, dataset)
            batches = batches_of(config, dataset, model, state.step, weights.image_weights, devices.part)
            images = validation_images(config, dataset)
            if devices.chief:
                warn_of_no_labels(config, dataset)
            recalibrated = recalibrate(config, dataset, model, weights.image_weights)
            trainer = make_trainer(model, config, weights.class_weights)
        with _new(folder) if devices.chief else contextlib.nullcontext(folder) as new:
            if devices.chief:
                new.write_config(config, resolved(config, dataset, model, weights, recalibrated))
                save_checkpoint(new.checkpoint, model, trainer, state)
            files = files_of(config, dataset, weights.image_weights)
            run = RunCallbacks(config, new, dataset, images, model, state, interrupts, callbacks, devices.chief, files)
            return _fit(batches, trainer, run, devices)


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


def _fit(batches: tf.data.Dataset, trainer: keras.Model, run: RunCallbacks, devices: OneDevice) -> TrainResult:
    config, state = run.config, run.state
    devices.prepare(run.model, trainer)
    try:
        with run.interrupts.noted(), explained(config, run.dataset, config.train_split):
            try:
                _steps(batches, trainer, run, devices)
            except ValidationStopped:
                run.checkpoint.save_between()
                raise
        if devices.chief and config.fast_dev_run:
            check_usable(config, run.folder)
    except BadData as error:
        raise BadData(f"{error}{run.left_by_bad_data(error.split)}", error.split) from error
    except Diverged as error:
        raise Diverged(error.what, error.value, error.step, config.learning_rate, run.kept(), error.files) from None
    except KeyboardInterrupt as error:
        raise Interruption(run.left_by_interrupt(), getattr(error, "number", signal.SIGINT)) from None
    finally:
        run.close()
    if not devices.chief:
        return _result(config, run.folder, read_state(run.folder.checkpoint))
    return _result(config, run.folder, state)


def _steps(batches: tf.data.Dataset, trainer: keras.Model, run: RunCallbacks, devices: OneDevice) -> None:
    # Before all else, what an interrupt in a validation left to do.
    devices.together(lambda: run.epochs.begin(trainer), trainer, run.interrupts)
    left = run.config.last_step - run.state.step
    if not left or trainer.stop_training:
        devices.together(run.epochs.on_train_end, trainer, run.interrupts)
        return
    # One "epoch" for Keras: its own are all of one length, and a run goes on from any step.
    devices.fit(trainer, for_outputs(trainer, batches), left, run.epochs, run.interrupts)


def _result(config: TrainConfig, folder: RunFolder, state: RunState) -> TrainResult:
    best_step = state.step if state.best_step is None else state.best_step
    value = None if config.best_by == "miou" else state.best_value
    return TrainResult(
        folder.path, state.step, best_step, state.best_miou, state.best_pixel_accuracy, config.best_by, value
    )
