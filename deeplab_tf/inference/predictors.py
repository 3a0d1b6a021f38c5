"""One face for everything that predicts: a model, a `.keras` file, a SavedModel folder, a `.tflite` file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from deeplab_tf.files import recover
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images.enlarging import probabilities_at
from deeplab_tf.images.scaling import FROM_MODEL, Fitting, labels_within, limit_of, max_side_limit, shrunk
from deeplab_tf.inference.tflite import TFLiteArtefact
from deeplab_tf.inference.whole_image import whole_image_logits
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import SegmentationModel, check_rgb, load_model
from deeplab_tf.weights.formats.saved_model_check import check_saved_model
from deeplab_tf.weights.formats.side_file import EXTRA_FOLDER, SIDE_FILE, read_beside

LABELS_SIGNATURE, PROBABILITIES_SIGNATURE = "serving_default", "probabilities"


class Artefact(Protocol):
    """Something that predicts labels for one image; `open_artefact` makes it.

    Attributes:
        kind: `"keras"`, `"saved_model"` or `"tflite"`.
        source: The file or folder, or the model's name.
        labels: What the label ids mean.
    """

    kind: str
    source: str
    labels: LabelSpec

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        ...

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`.

        Raises:
            ValueError: If the artefact gives labels only; the message says what to export instead.
        """
        ...


def full_resolution(model: SegmentationModel) -> SegmentationModel:
    """The model itself, or a copy whose logits stand at input size where the model's do not."""
    return model if model.settings["upsample_logits"] else model.rebuild(upsample_logits=True)


class WholeImages:
    """Predicts within a limit by a function of images, traced once for images of any size.

    Args:
        logits: `(images) -> logits`, float32 `[B, H, W, classes]`, of uint8 `[B, H, W, 3]`.
        fitting: Says at which size an image is seen.
    """

    def __init__(self, logits: Callable, fitting: Fitting):
        images = tf.TensorSpec((None, None, None, 3), tf.uint8)
        self._fitting = fitting

        def traced(function):
            return tf.function(function, input_signature=[images], autograph=False)

        self._logits = traced(logits)
        self._labels = traced(lambda images: labels_within(self._logits, images, fitting.limit))
        self._softmax = traced(lambda images: tf.nn.softmax(self._logits(images)))

    def labels(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        self._fitting(*image.shape[:2])
        return self._labels(image[None])[0].numpy()

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`."""
        size = self._fitting(*image.shape[:2])
        if size == image.shape[:2]:
            return self._softmax(image[None])[0].numpy()
        return probabilities_at(self._logits(shrunk(image[None], size))[0], image.shape[:2])


class KerasArtefact:
    """A model of this package."""

    kind = "keras"

    def __init__(self, model: SegmentationModel, source: str, max_side=FROM_MODEL):
        check_rgb(model, "Segmenting")
        model = full_resolution(model)
        self.source = source
        self.labels = model.labels
        limit = max_side_limit(max_side, model.image_size)
        fitting = Fitting(source, limit, model.crop_size if max_side == FROM_MODEL else None)
        self._images = WholeImages(lambda images: whole_image_logits(model, images), fitting)

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        return self._images.labels(image)

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`."""
        return self._images.probabilities(image)


class SavedModelArtefact:
    """A SavedModel folder that `deeplab_tf.export` wrote; its signatures scale large images by themselves.

    Args:
        path: The folder.
        trust: Run it even if its graph holds operations that no export of this package has, such as those that read
            and write files.
        max_side: As for `open_artefact`.

    Raises:
        ValueError: If it is damaged, was changed since its export, is from elsewhere, or is not to be trusted.
    """

    kind = "saved_model"

    def __init__(self, path: Path, trust: bool = False, max_side=FROM_MODEL):
        self.source = shown(path)
        with reading(path, "a SavedModel", "Export or copy it again."):
            missing = {LABELS_SIGNATURE, PROBABILITIES_SIGNATURE} - check_saved_model(path, trust)
            if missing or not (path / EXTRA_FOLDER / SIDE_FILE).is_file():
                lacks = f"the signatures {sorted(missing)}" if missing else f"{EXTRA_FOLDER}/{SIDE_FILE}"
                raise ValueError(
                    f"{self.source} is a SavedModel without {lacks}, so it was not exported by this package. "
                    "Export the model with export_saved_model."
                )
            about = read_beside(path)
            self.labels = LabelSpec.from_dict(about["labels"])
            self._loaded = tf.saved_model.load(str(path))
            size = limit_of(about.get("image_size"), "image_size")
        self._fitting = Fitting(self.source, max_side_limit(max_side, size))
        self._images = None if max_side == FROM_MODEL else WholeImages(self._own_size_logits(), self._fitting)

    def _own_size_logits(self) -> Callable:
        """The network in the folder, at the images' own size."""
        if not hasattr(self._loaded, "logits"):
            raise ValueError(f"{self.source} has no logits to scale otherwise. Leave max_side out, or export again.")
        return self._loaded.logits

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._images is not None:
            return self._images.labels(image)
        self._fitting(*image.shape[:2])
        signature = self._loaded.signatures[LABELS_SIGNATURE]
        return signature(image=tf.constant(image[None]))["labels"][0].numpy()

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._images is not None:
            return self._images.probabilities(image)
        self._fitting(*image.shape[:2])
        signature = self._loaded.signatures[PROBABILITIES_SIGNATURE]
        return signature(image=tf.constant(image[None]))["probabilities"][0].numpy()


def open_artefact(
    model_or_path: SegmentationModel | Artefact | str | os.PathLike,
    threads: int | None = None,
    *,
    input_range: Sequence[float] | None = None,
    trust: bool = False,
    max_side: int | tuple[int, int] | str | None = FROM_MODEL,
) -> Artefact:
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
        The artefact. Its probabilities take 4 bytes for each pixel and class: 1 GB for 4000x3000 pixels and 21 classes,
        and about twice that for a moment from a SavedModel. Labels take 4 bytes for each pixel, whatever the classes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If it is of none of these kinds, damaged, or not a DeepLab model; the message names it. If
            `max_side` makes no sense, or what is given is open already.

    Example:
        >>> artefact = open_artefact("model.tflite")
        >>> artefact.predict(np.zeros((375, 500, 3), np.uint8)).shape
        (375, 500)
    """
    if isinstance(model_or_path, SegmentationModel):
        return KerasArtefact(model_or_path, model_or_path.name, max_side)
    if not isinstance(model_or_path, str | os.PathLike):
        if all(hasattr(model_or_path, name) for name in ("kind", "labels", "predict", "probabilities")):
            if max_side != FROM_MODEL:
                raise ValueError(
                    f"{model_or_path.source} is open already; received max_side={max_side!r}. Give it to open_artefact."
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
        return TFLiteArtefact(path, threads=threads, input_range=input_range, max_side=max_side)
    if (path / "saved_model.pb").is_file():
        return SavedModelArtefact(path, trust, max_side)
    if path.is_dir() or path.suffix == ".keras":
        return KerasArtefact(load_model(path), str(path), max_side)
    raise ValueError(
        f"{path} is of no kind that predicts; expected a .keras file, a run folder, a SavedModel folder or a "
        ".tflite file. Other released files (.pb, .tar.gz, checkpoints) are read by load_released (deeplab-tf import)."
    )
