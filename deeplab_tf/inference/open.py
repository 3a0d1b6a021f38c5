"""Opens anything that predicts: a model, a `.keras` file, a run folder, a SavedModel folder, a `.tflite` file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.files import recover
from deeplab_tf.images.scaling import FROM_MODEL
from deeplab_tf.inference.keras import KerasPredictor
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.inference.saved_model import SavedModelPredictor
from deeplab_tf.inference.tflite import TFLitePredictor
from deeplab_tf.models import SegmentationModel, load_model

# What callers ask of a predictor, whether or not it derives from `Predictor`.
ASKED = ("source", "labels", "predict", "probabilities")


def open_predictor(
    model_or_path: SegmentationModel | Predictor | str | os.PathLike,
    threads: int | None = None,
    *,
    input_range: Sequence[float] | None = None,
    trust: bool = False,
    max_side: int | tuple[int, int] | str | None = FROM_MODEL,
) -> Predictor:
    """Opens anything that predicts.

    Args:
        model_or_path: A model of this package, a `.keras` file, a run folder, an exported SavedModel folder, or
            a `.tflite` file: an exported or a released one. What is already open is returned as it is.
        threads: Threads of a `.tflite` file's interpreter; all processors when left out.
        input_range: The numbers that a `.tflite` file wants for the pixels 0 and 255, such as (-1, 1), where it does
            not say.
        trust: Run a SavedModel whose graph holds operations that no export of this package has, such as those that
            read and write files.
        max_side: Larger images are scaled down to this side, or to fit this (height, width), antialiased; their
            scores are enlarged back. `"model"` takes the size that the model is made for, its `image_size`; None
            predicts at the image's own size.

    Returns:
        The predictor. Its probabilities take 4 bytes for each pixel and class: 1 GB for 4000x3000 pixels and 21
        classes, and about twice that for a moment from a SavedModel. Labels take 4 bytes for each pixel, whatever the
        classes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If it is of none of these kinds, damaged, or not a DeepLab model; the message names it. If
            `max_side` makes no sense, or what is given is open already.

    Example:
        >>> predictor = open_predictor("model.tflite")
        >>> predictor.predict(np.zeros((375, 500, 3), np.uint8)).shape
        (375, 500)
    """
    if isinstance(model_or_path, SegmentationModel):
        return KerasPredictor(model_or_path, model_or_path.name, max_side)
    if not isinstance(model_or_path, str | os.PathLike):
        if all(hasattr(model_or_path, name) for name in ASKED):
            if max_side != FROM_MODEL:
                raise ValueError(
                    f"{model_or_path.source} is open already; received max_side={max_side!r}. "
                    "Give it to open_predictor."
                )
            return model_or_path
        raise ValueError(
            f"Expected a DeepLab model or the path of one; received {type(model_or_path).__name__}. "
            "Read a file with load_model first, or give its path."
        )
    path = Path(model_or_path)
    recover(path)
    if not path.exists():
        raise FileNotFoundError(
            f"There is no {path}. Give a .keras file, a run folder, a SavedModel folder or a .tflite file."
        )
    if path.suffix == ".tflite" and path.is_file():
        return TFLitePredictor(path, threads=threads, input_range=input_range, max_side=max_side)
    if (path / "saved_model.pb").is_file():
        return SavedModelPredictor(path, trust, max_side)
    if path.is_dir() or path.suffix == ".keras":
        return KerasPredictor(load_model(path), str(path), max_side)
    raise ValueError(
        f"{path} is of no kind that predicts; expected a .keras file, a run folder, a SavedModel folder or a "
        ".tflite file. Other released files (.pb, .tar.gz, checkpoints) are read by load_released (deeplab-tf import)."
    )
