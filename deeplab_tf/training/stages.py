"""A run, or several one after another of which each starts from what the one before has learned."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras

from deeplab_tf import checks
from deeplab_tf.files import read_json, replacing, write_json
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.files.reading import reading
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.training import run
from deeplab_tf.training.config import TrainConfig, stage_folder
from deeplab_tf.training.data import opened_data, splits_of
from deeplab_tf.training.errors import BadData
from deeplab_tf.training.run import TrainResult
from deeplab_tf.training.run_folder import FREE, RunFolder

STAGES = "stages.json"
_log = logging.getLogger(__name__)


def train(
    config: TrainConfig | Sequence[TrainConfig],
    callbacks: Sequence[keras.callbacks.Callback] = (),
    *,
    overwrite: bool = False,
) -> TrainResult:
    """Trains a model into a run folder.

    The folder holds `model.keras` (the best by validation mean IoU; without validation the last), `last.keras`
    (the last checkpoint), `log.csv`, `curves.png`, `tensorboard/`, `per_class.csv`, `per_class.json` and
    `config.json`. Equal settings give equal data, steps and, on the same CPU, equal weights.

    Args:
        config: The settings; or those of stages, which run one after another. Their outputs are `FOLDER/stage-1`,
            `FOLDER/stage-2` and so on, as `deeplab_tf.training.recipe` gives them; the folder gets the last one's
            model.
        callbacks: Your own Keras callbacks. An epoch is for them the steps between two validations, `eval_every`, and
            its logs have `loss` and, where there is validation, `val_mean_iou` and `val_pixel_accuracy`. They run
            after validation, log and best model, and before the checkpoint, which keeps what they do to the model and
            its optimiser. `model.stop_training = True` ends the run, or its stage, after a validation and a checkpoint.
        overwrite: Replace the run in `config.output`; it goes when the new one has its first checkpoint. Stages are
            not replaced.

    Returns:
        What the run came to.

    Raises:
        FileNotFoundError: If there is no such weights file.
        ValueError: If a setting is not possible, the data is damaged, the folder is not writable, taken, or being
            trained into, the loss is not a number any more, or memory runs out; the message says what to do. What fails
            before its first checkpoint leaves nothing.
        WorkerLost: If another worker of `strategy="multi_worker"` does not come, or is lost; `resume` goes on.
        KeyboardInterrupt: At Ctrl-C or SIGTERM. The step is finished and saved before, and the message says that
            `resume` goes on from it; a second signal ends at once. (In the main thread: others get no signals.)

    Example:
        >>> config = TrainConfig(data="voc-tfrecords", output="runs/voc", weights="released.tflite")
        >>> result = train(config, [keras.callbacks.EarlyStopping("val_mean_iou", mode="max", patience=3)])
        >>> model = load_model(result.output)
    """
    if isinstance(config, TrainConfig):
        if (Path(config.output) / STAGES).is_file():
            with _locked(Path(config.output)):
                _clear_trial(Path(config.output))
        return run.train(config, callbacks, overwrite=overwrite)
    folder = _folder_of(config)
    _check_strategy(config)
    with _locked(folder):
        _clear_trial(folder)
        _check_free(folder, overwrite)
        _check_later_data(config)
        write_json(folder / STAGES, {"stages": [stage.to_dict() for stage in config]})
        try:
            return _train_from(0, list(config), folder, callbacks)
        except Exception:
            if not any(RunFolder(stage.output).holds_run for stage in config):
                (folder / STAGES).unlink()
            raise


def resume(output: str | os.PathLike, callbacks: Sequence[keras.callbacks.Callback] = (), **settings) -> TrainResult:
    """Goes on with a run that was killed or interrupted, as if nothing had happened.

    The steps since the last checkpoint are done again, with the same data. On a CPU the run ends with the weights
    of one that was left alone. A finished run stays as it is: its learning rate has fallen to 0, and with more steps it
    would have fallen otherwise. Train it further by `train` with its folder as `weights`.

    Args:
        output: The run folder, or that of the stages, the rest of which follow.
        callbacks: As for `train`. The run folder does not keep your own: give them again. They begin as at the start
            of a training (`EarlyStopping` counts from here), unless they restore themselves.
        **settings: Settings as for `TrainConfig`, if any. They must be those of the run, except `checkpoint_minutes`,
            where steps are done (`strategy`, `devices`, `wait_minutes`), and those that say where the data are (`data`,
            `masks`, `val_data`, `val_masks`), if these have moved; of several stages they are those of all that read
            what the last one reads.

    Returns:
        What the run came to.

    Raises:
        ValueError: If there is no run, its files are damaged, or settings or data are others; and as for `train`.
        KeyboardInterrupt: As for `train`.

    Example:
        >>> resume("runs/voc").step
        3000
    """
    folder = Path(output)
    if not (folder / STAGES).is_file():
        return run.resume(output, callbacks, **settings)
    with _locked(folder):
        stages = _moved(_stored(folder), folder, settings)
        begun = [index for index, stage in enumerate(stages) if RunFolder(stage.output).holds_run]
        return _train_from(max(begun, default=0), stages, folder, callbacks, settings)


def _train_from(
    first: int, stages: list[TrainConfig], folder: Path, callbacks, settings: Mapping | None = None
) -> TrainResult:
    results = []
    for number, config in enumerate(stages[first:], first + 1):
        _log.info("Stage %d of %d: %s", number, len(stages), config.output)
        try:
            if RunFolder(config.output).holds_run:
                results.append(run.resume(config.output, callbacks, **_own(config, stages[-1], settings or {})))
            else:
                results.append(run.train(config, callbacks))
        except Interruption as error:
            message = f"Stage {number} of {len(stages)}: {error}"
            raise Interruption(message.replace(config.output, str(folder)), error.number) from None
        except BadData as error:
            # All are resumed as one.
            raise BadData(str(error).replace(f"({config.output})", f"({folder})"), error.split) from error
    with replacing(folder / RUN_MODEL) as temporary:
        shutil.copyfile(Path(stages[-1].output) / RUN_MODEL, temporary)
    return dataclasses.replace(results[-1], output=folder)


def _check_strategy(stages: Sequence[TrainConfig]) -> None:
    """TensorFlow makes workers of a process once."""
    if any(getattr(stage, "strategy", None) == "multi_worker" for stage in stages):
        raise ValueError(
            "strategy='multi_worker' trains one run in a process, and these are several stages. Train them one by one, "
            "each with the one before as its weights."
        )


def _check_later_data(stages: Sequence[TrainConfig]) -> None:
    """Finds missing data before the first stage is trained, which may take days."""
    for before, stage in itertools.pairwise(stages):
        if stage.data != before.data:
            with opened_data(stage) as dataset:
                for split in splits_of(stage, dataset):
                    dataset.count(split)


def _folder_of(stages: Sequence[TrainConfig]) -> Path:
    remedy = "Give configurations whose outputs are FOLDER/stage-1, FOLDER/stage-2, ...; `recipe` makes such."
    valid = isinstance(stages, Sequence) and stages and all(isinstance(stage, TrainConfig) for stage in stages)
    checks.expect(bool(valid), "config", stages, "a TrainConfig, or a list of them", remedy)
    folder = Path(stages[0].output).parent
    outputs = [stage.output for stage in stages]
    wanted = [stage_folder(folder, number) for number in range(1, len(stages) + 1)]
    checks.expect(
        list(map(Path, outputs)) == list(map(Path, wanted)), "outputs of stages", outputs, str(wanted), remedy
    )
    return folder


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with Interrupts(), locked_folder(folder, "a training run"):
        yield


def _clear_trial(folder: Path) -> None:
    """Makes room where the run, or all stages, in a folder are a `fast_dev_run`."""
    single = RunFolder(folder)
    if single.holds_run and single.read_config().fast_dev_run:
        single.clear()
    stages = _stored(folder) if (folder / STAGES).is_file() else []
    if stages and all(stage.fast_dev_run for stage in stages):
        for stage in stages:
            shutil.rmtree(stage.output, ignore_errors=True)
        (folder / RUN_MODEL).unlink(missing_ok=True)
        (folder / STAGES).unlink()


def _check_free(folder: Path, overwrite: bool) -> None:
    if (folder / STAGES).is_file():
        asked = " --overwrite replaces single runs only." if overwrite else ""
        raise ValueError(
            f"{folder} holds the stages of a training already.{asked} Go on with them by --resume, or choose "
            "another folder."
        )
    single = RunFolder(folder)
    checks.expect(not single.holds_run, "output", str(folder), "without a run", "Stages need a folder of their own.")
    single.check_free(False)


def _stored(folder: Path) -> list[TrainConfig]:
    with reading(folder / STAGES, "the stages of a training", "Restore the file or choose another folder."):
        stages = [TrainConfig.from_dict(stage) for stage in read_json(folder / STAGES)["stages"]]
    # The folder may have been moved, and with it what a stage began from.
    outputs = {stage.output: stage_folder(folder, number) for number, stage in enumerate(stages, 1)}
    return [
        stage.replace(output=outputs[stage.output], weights=outputs.get(stage.weights, stage.weights))
        for stage in stages
    ]


def _moved(stages: list[TrainConfig], folder: Path, settings: Mapping) -> list[TrainConfig]:
    """The stages with the settings that a resumed run need not keep."""
    found = []
    for stage in stages:
        own, before = _own(stage, stages[-1], settings), stage.flat()
        after = stage.replace(**own).flat()
        if kept := [name for name in before if name not in FREE and before[name] != after[name]]:
            raise ValueError(
                f"Resumed stages keep their settings; received others for {kept} of {folder}. Leave them out."
            )
        found.append(stage.replace(**own))
    return found


def _own(stage: TrainConfig, last: TrainConfig, settings: Mapping) -> dict:
    """Those of the settings that are meant for a stage: where data are, only for those that read the last one's."""
    same = stage.data.folder in (last.data.folder, settings.get("data"))
    return {name: value for name, value in settings.items() if same or name == "checkpoint_minutes"}
