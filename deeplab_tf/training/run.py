"""Training: from settings to a run folder, and resuming a run that was cut off."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import platform
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

import deeplab_tf
from deeplab_tf.datasets import DataSet, evaluation_images, open_dataset
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.training.callbacks import Diverged
from deeplab_tf.training.callbacks.validation import ValidationStopped
from deeplab_tf.training.checkpoint import load_state, restore_training, save_checkpoint
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.errors import explained
from deeplab_tf.training.optimisation.balance import balance
from deeplab_tf.training.optimisation.trainer import for_outputs, make_optimizer, make_trainer
from deeplab_tf.training.run_callbacks import RunCallbacks, check_callbacks
from deeplab_tf.training.run_folder import RunFolder
from deeplab_tf.training.start import (
    batches_of,
    recalibrate,
    start,
    val_split,
    warn_of_small_crops,
)
from deeplab_tf.training.state import RunState

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
    """Trains a model into a run folder.

    The folder holds `model.keras` (the best by validation mean IoU; without validation the last), `last.keras`
    (the last checkpoint), `log.csv`, `curves.png`, `tensorboard/`, `per_class.csv`, `per_class.json` and
    `config.json`. Equal settings give equal data, steps and, on the same CPU, equal weights.

    Args:
        config: The settings.
        callbacks: Your own Keras callbacks. An epoch is for them the steps between two validations, `eval_every`, and
            its logs have `loss` and, where there is validation, `val_mean_iou` and `val_pixel_accuracy`. They run
            after validation, log and best model, and before the checkpoint, which keeps what they do to the model and
            its optimiser. `model.stop_training = True` ends the run after a validation and a checkpoint.
        overwrite: Replace the run in `config.output`; it goes when the new one has its first checkpoint.

    Returns:
        What the run came to.

    Raises:
        FileNotFoundError: If there is no such weights file.
        ValueError: If a setting is not possible, the data is damaged, the folder is not writable, taken, or being
            trained into, the loss is not a number any more, or memory runs out; the message says what to do. What fails
            before its first checkpoint leaves nothing.
        KeyboardInterrupt: At Ctrl-C or SIGTERM. The step is finished and saved before, and the message says that
            `resume` goes on from it; a second signal ends at once. (In the main thread: others get no signals.)

    Example:
        >>> config = TrainConfig(data="voc-tfrecords", output="runs/voc", weights="released.tflite")
        >>> result = train(config, [keras.callbacks.EarlyStopping("val_mean_iou", mode="max", patience=3)])
        >>> model = load_model(result.output)
    """
    callbacks, folder = check_callbacks(callbacks), RunFolder(config.output)
    with Interrupts() as interrupts, locked_folder(folder.path, "a training run"):
        folder.recover()
        folder.check_free(overwrite)
        return _begin(config, folder, open_dataset(config.data.folder, config.labels), interrupts, callbacks)


def resume(output: str | os.PathLike, callbacks: Sequence[keras.callbacks.Callback] = (), **settings) -> TrainResult:
    """Goes on with a run that was killed or interrupted, as if nothing had happened.

    The steps since the last checkpoint are done again, with the same data. On a CPU the run ends with the weights
    of one that was left alone. A finished run stays as it is: its learning rate has fallen to 0, and with more steps it
    would have fallen otherwise. Train it further by `train` with its folder as `weights`.

    Args:
        output: The run folder.
        callbacks: As for `train`. The run folder does not keep your own: give them again. They begin as at the start
            of a training (`EarlyStopping` counts from here), unless they restore themselves.
        **settings: Settings as for `TrainConfig`, if any. They must be those of the run, except `data`, which may say
            where the data has moved to, and `checkpoint_minutes`.

    Returns:
        What the run came to.

    Raises:
        ValueError: If there is no run, its files are damaged, or settings or data are others; and as for `train`.
        KeyboardInterrupt: As for `train`.

    Example:
        >>> resume("runs/voc").step
        3000
    """
    callbacks, folder = check_callbacks(callbacks), RunFolder(output)
    with Interrupts() as interrupts, locked_folder(folder.path, "a training run"):
        folder.recover()
        config = folder.resumed_config(settings)
        dataset = open_dataset(config.data.folder, config.labels)
        folder.check_same_data(dataset)
        if not folder.checkpoint.is_file():
            return _begin(config, folder, dataset, interrupts, callbacks)
        return _go_on(config, folder, dataset, interrupts, callbacks)


def _go_on(
    config: TrainConfig, folder: RunFolder, dataset: DataSet, interrupts: Interrupts, callbacks: list
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
        batches, images = _inputs(config, dataset, model, weights, state.step)
        trainer = make_trainer(model, config, weights.class_weights)
        restore_training(folder.checkpoint, model, trainer)
        return _fit(
            batches, trainer, RunCallbacks(config, folder, dataset, images, model, state, interrupts, callbacks)
        )


def _begin(
    config: TrainConfig, folder: RunFolder, dataset: DataSet, interrupts: Interrupts, callbacks: list
) -> TrainResult:
    with _precision(config.mixed_precision):
        keras.utils.set_random_seed(config.seed)
        config, model = start(config, dataset)
        # A wrong setting of the optimiser is found before minutes of counting and measuring.
        make_optimizer(config)
        state = RunState()
        warn_of_small_crops(config, dataset)
        weights = balance(config, dataset)
        batches, images = _inputs(config, dataset, model, weights, state.step)
        recalibrated = recalibrate(config, dataset, model, weights.image_weights)
        trainer = make_trainer(model, config, weights.class_weights)
        with _new(folder) as new:
            new.write_config(config, _resolved(config, dataset, model, weights, recalibrated))
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


def _inputs(config, dataset, model, weights, step) -> tuple[tf.data.Dataset, tf.data.Dataset | None]:
    """Training batches from `step` on, and the images to validate on, if any."""
    batches = batches_of(config, dataset, model, start_step=step, image_weights=weights.image_weights)
    split = val_split(config, dataset)
    images = evaluation_images(dataset, split) if split else None
    if images is not None and "label" not in images.element_spec:
        raise ValueError(f"{dataset.path}: split {split!r} has no masks to validate on. Name another val_split.")
    return batches, images


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
    return _result(run.folder, state)


def _steps(batches: tf.data.Dataset, trainer: keras.Model, run: RunCallbacks) -> None:
    # Before all else, what an interrupt in a validation left to do.
    run.epochs.begin(trainer)
    left = run.config.steps - run.state.step
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


def _resolved(config, dataset, model, weights, recalibrated) -> dict:
    """What the settings and the data came to."""
    return {
        "model": type(model).__name__,
        **{name: value for name, value in model.settings.items() if name not in ("labels", "classes")},
        "eval_every": config.eval_steps,
        "val_split": val_split(config, dataset),
        "recalibrated_layers": len(recalibrated),
        "class_weights": None if weights.class_weights is None else weights.class_weights.tolist(),
        "images": {split: dataset.count(split) for split in sorted(dataset.splits)},
        "labels": dataset.labels.to_dict(),
        "versions": {
            "deeplab_tf": deeplab_tf.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
    }


def _result(folder: RunFolder, state: RunState) -> TrainResult:
    best_step = state.step if state.best_step is None else state.best_step
    return TrainResult(folder.path, state.step, best_step, state.best_miou, state.best_pixel_accuracy)
