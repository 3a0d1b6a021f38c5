"""Model files: one `.keras` holds all that a model needs."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import keras

from deeplab_tf.files import replacing
from deeplab_tf.files.reading import reason
from deeplab_tf.models.archive_check import check_archive, memory_limit
from deeplab_tf.models.finite import check_finite
from deeplab_tf.models.segmentation_model import SegmentationModel

RUN_MODEL = "model.keras"


def save_model(model: SegmentationModel, path: str | os.PathLike) -> None:
    """Writes the network, its weights, labels and sizes, without training state, in one move.

    Loss, optimiser and mixed precision are training state, frozen layers are not. `model.save` keeps all of it.

    Args:
        model: Any model of this package.
        path: Where to; must end in `.keras`.

    Raises:
        ValueError: If the path has another suffix.

    Example:
        >>> save_model(model, "model.keras")
    """
    check_model_path(path)
    bare = model
    # Callbacks save what `fit` trains, which may be any other Keras model, such as one of two outputs.
    if model.dtype_policy.name != "float32" and isinstance(model, SegmentationModel):
        bare = model.rebuild(dtype="float32")
    elif model.compiled:
        bare = type(model).from_config(model.get_config())
        bare.set_weights(model.get_weights())
    with replacing(path) as temporary:
        bare.save(temporary)


def check_model_path(path: str | os.PathLike) -> None:
    """Refuses a path that `save_model` cannot write, before the work that leads to it.

    Args:
        path: The file to be written.

    Raises:
        ValueError: If it does not end in `.keras`.

    Example:
        >>> check_model_path("voc.keras")
    """
    if Path(path).suffix != ".keras":
        raise ValueError(f"A model file ends in .keras; received {path}.")


def load_model(path: str | os.PathLike, compile: bool = False) -> SegmentationModel:
    """Reads a model back. Nothing is built of a file that is not one of this package, or larger than it states.

    Args:
        path: A `.keras` file of this package, or a run folder, whose best model is taken.
        compile: Restore loss, metrics and optimiser too, where the file has them, so that `fit` goes on.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such file, or no model in the folder yet.
        ValueError: If the file is damaged or holds another kind of model; the message names it.

    Example:
        >>> load_model("runs/voc").labels.names[0]
        'background'
    """
    path = Path(path)
    if path.is_dir():
        path = path / RUN_MODEL
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no model file {path}. Give a .keras file, or a run folder with a {RUN_MODEL}."
        )
    if not _is_keras_file(path):
        raise ValueError(
            f"{path} is not a Keras model file, or it is cut off. Save or copy it again; a released file (.tar.gz, "
            ".tflite, .pb, a checkpoint) becomes one by load_released, on the command line by deeplab-tf import."
        )
    try:
        with memory_limit(check_archive(path, SegmentationModel)):
            model = keras.models.load_model(path, compile=compile)
    except Exception as error:
        # Keras raises whatever the archive's content provokes; each case means that the file does not serve.
        if isinstance(error, ValueError) and str(error).startswith(f"{path} holds a"):
            raise
        raise ValueError(f"{path} does not load as a model of this package: {reason(error)}") from error
    check_finite(model, path)
    return model


def _is_keras_file(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        # Exports to TFLite and archives of other programs are zip files too.
        with zipfile.ZipFile(path) as archive:
            return "config.json" in archive.namelist()
    except Exception:
        # Damaged; what reads it next describes how.
        return True
