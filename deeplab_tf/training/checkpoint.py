"""A run's state in one file, so that a kill can never leave its parts out of step.

The file is a model file as any other, with two more members: the optimiser's variables and the seeds of the
dropout as arrays, and the rest as JSON.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import zipfile

import keras
import numpy as np

from deeplab_tf.files import replacing
from deeplab_tf.models import SegmentationModel, load_model

VARIABLES, STATE = "training/variables.npz", "training/state.json"


@dataclasses.dataclass
class RunState:
    """How far a run is.

    Args:
        step: Optimiser steps done.
        seconds: Time spent, validation included.
        best_step: The step of the best model; None before the first validation.
        best_miou: Its mean IoU, 0-1.
        best_pixel_accuracy: Its pixel accuracy, 0-1.
        rows: The log so far, see `deeplab_tf.training.log`.
    """

    step: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_miou: float | None = None
    best_pixel_accuracy: float | None = None
    rows: list[dict] = dataclasses.field(default_factory=list)


def _training_variables(model: SegmentationModel, trainer: keras.Model) -> list:
    """What changes in training and is not in a model file."""
    weights = {id(weight) for weight in model.weights}
    seeds = [variable for variable in trainer.variables if id(variable) not in weights]
    return [*trainer.optimizer.variables, *seeds]


def save_checkpoint(path: str | os.PathLike, model: SegmentationModel, trainer: keras.Model, state: RunState) -> None:
    """Writes model, optimiser, seeds and state, in one move.

    Args:
        path: Where to, ending in `.keras`.
        model: The model, not compiled.
        trainer: The compiled model that shares its layers, its optimiser built.
        state: How far the run is.

    Raises:
        OSError: If the file cannot be written.
    """
    arrays = {str(index): np.asarray(variable) for index, variable in enumerate(_training_variables(model, trainer))}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    with replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(VARIABLES, packed.getvalue())
            archive.writestr(STATE, json.dumps(dataclasses.asdict(state)))


def load_state(path: str | os.PathLike) -> tuple[SegmentationModel, RunState]:
    """The model of a checkpoint and how far its run was.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or no checkpoint; the message names it.
    """
    model = load_model(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return model, RunState(**json.loads(archive.read(STATE)))
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no checkpoint of a run ({error}). Start the run anew.") from error


def restore_training(path: str | os.PathLike, model: SegmentationModel, trainer: keras.Model) -> None:
    """Sets the optimiser's variables and the dropout's seeds to those of a checkpoint.

    Args:
        path: The checkpoint that `model` was read from.
        model: The model.
        trainer: The compiled model that shares its layers, its optimiser built.

    Raises:
        ValueError: If the file's variables are not those of `trainer`.
    """
    with zipfile.ZipFile(path) as archive:
        arrays = np.load(io.BytesIO(archive.read(VARIABLES)), allow_pickle=False)
    variables = _training_variables(model, trainer)
    shapes = [tuple(variable.shape) for variable in variables]
    found = [arrays[str(index)].shape for index in range(len(arrays.files))]
    if shapes != found:
        raise ValueError(
            f"{path} holds {len(found)} optimiser variables that do not fit the {len(shapes)} of this run. "
            "Resume with the version that wrote it, or start anew."
        )
    for index, variable in enumerate(variables):
        variable.assign(arrays[str(index)])
