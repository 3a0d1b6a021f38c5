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
from collections.abc import Mapping

import keras
import numpy as np

from deeplab_tf.checks import is_number, is_whole
from deeplab_tf.files import replacing
from deeplab_tf.files.reading import reading
from deeplab_tf.models import SegmentationModel, load_model
from deeplab_tf.training.state import COLUMNS, VALIDATED, RunState

VARIABLES, STATE = "training/variables.npz", "training/state.json"
WHAT, REMEDY = "the checkpoint of a run", "Start the run from scratch."


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
        ValueError: If the file cannot be written.
    """
    arrays = {str(index): np.asarray(variable) for index, variable in enumerate(_training_variables(model, trainer))}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    with replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(VARIABLES, packed.getvalue())
            archive.writestr(STATE, json.dumps(dataclasses.asdict(state)))


def read_state(path: str | os.PathLike) -> RunState:
    """How far a checkpoint's run was, without its model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or not a checkpoint; the message names it.
    """
    with reading(path, WHAT, REMEDY):
        return _run_state(json.loads(_member(path, STATE)))


def load_state(path: str | os.PathLike) -> tuple[SegmentationModel, RunState]:
    """The model of a checkpoint and how far its run was.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or not a checkpoint; the message names it.
    """
    state = read_state(path)
    return load_model(path), state


def _member(path: str | os.PathLike, name: str) -> bytes:
    """A member of the checkpoint, which stores its own uncompressed: none can be larger than the file."""
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(name).file_size > os.path.getsize(path):
            raise ValueError(f"{name} claims to be larger than the file")
        return archive.read(name)


def _run_state(fields: Mapping) -> RunState:
    state = RunState(**fields)
    left_open = (state.best_miou, state.best_pixel_accuracy, state.best_value, state.loss)
    numbers = [state.seconds, *(value or 0.0 for value in left_open), *state.loss_sums]
    for row in state.rows:
        if unknown := {name for name in row if name not in COLUMNS and not name.startswith(VALIDATED)}:
            raise ValueError(f"its log has the columns {sorted(unknown)}")
        numbers += row.values()
    steps = [state.step, *(row["step"] for row in state.rows), *(() if state.best_step is None else (state.best_step,))]
    if not all(is_whole(step, 0) for step in steps):
        raise ValueError("a step is not a whole number")
    if not all(map(is_number, numbers)):
        raise ValueError("its log has values that are no numbers")
    return state


def restore_training(path: str | os.PathLike, model: SegmentationModel, trainer: keras.Model) -> None:
    """Sets the optimiser's variables and the dropout's seeds to those of a checkpoint.

    Args:
        path: The checkpoint that `model` was read from.
        model: The model.
        trainer: The compiled model that shares its layers, its optimiser built.

    Raises:
        ValueError: If the file's variables are not those of `trainer`.
    """
    variables = _training_variables(model, trainer)
    shapes = [tuple(variable.shape) for variable in variables]
    with reading(path, WHAT, REMEDY):
        arrays = np.load(io.BytesIO(_member(path, VARIABLES)), allow_pickle=False)
        found = [arrays[str(index)] for index in range(len(arrays.files))]
        if shapes != [array.shape for array in found]:
            raise ValueError(
                f"{path} holds {len(found)} optimiser variables that do not fit the {len(shapes)} of this run. "
                "Resume with the version that wrote it, or start from scratch."
            )
        for variable, array in zip(variables, found):
            variable.assign(array)
