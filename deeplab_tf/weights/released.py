"""Released DeepLab files as native Keras models, and as a start for training others."""

from __future__ import annotations

import functools
import logging
import math
import os
from pathlib import Path

import keras
import numpy as np

from deeplab_tf import backbones
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import released_labels
from deeplab_tf.models import SegmentationModel, copy_weights, load_model
from deeplab_tf.models.finite import check_finite
from deeplab_tf.weights.checkpoint_model import load_checkpoint, load_checkpoint_model
from deeplab_tf.weights.formats.checkpoint import is_checkpoint, read_checkpoint
from deeplab_tf.weights.formats.frozen_graph import read_frozen_graph
from deeplab_tf.weights.formats.released_file import ReleasedFile
from deeplab_tf.weights.formats.tflite import read_tflite
from deeplab_tf.weights.imagenet import IMAGENET, copy_application, imagenet_source, is_application, open_application
from deeplab_tf.weights.recognition import dilated_branches, holds_deeplab, recognise
from deeplab_tf.weights.transfer import Transfer, assign_folded, assign_layers
from deeplab_tf.weights.zoo.cache import check_backbone, entry_of, in_zoo, load_zoo, opened

logger = logging.getLogger(__name__)
READERS = {".tflite": read_tflite, ".pb": read_frozen_graph}
RGB = 3
SAVED_MODEL = "saved_model.pb"


def read_released(path: str | os.PathLike) -> ReleasedFile:
    """Reads a released file by its suffix, `.tflite` or `.pb`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the format is unknown, or the file damaged or without convolutions; the message names it.
    """
    path = Path(path)
    refuse_saved_model(path)
    if is_keras_model(path):
        raise ValueError(f"{shown(path)} is a Keras model already, no released file. Read it with load_model.")
    if path.suffix not in READERS:
        raise ValueError(
            f"{path} has no known format; released files end in {' or '.join(READERS)}, or are checkpoints "
            "(model.ckpt with its .index and .data files)."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    released = READERS[path.suffix](path)
    if not released.convolutions:
        raise ValueError(f"{path} holds no convolutions, so it is not a DeepLab network.")
    return released


def refuse_saved_model(path: Path) -> None:
    """Raises for a SavedModel, from which no weights can be read, and says what it is for.

    Raises:
        ValueError: If `path` is one.
    """
    if path.name == SAVED_MODEL or (path / SAVED_MODEL).is_file():
        raise ValueError(
            f"{shown(path)} is a SavedModel, whose weights are folded for running only. Run its folder with Segmenter "
            "or open_predictor (deeplab-tf segment, evaluate); read the .keras file or run folder that it was exported "
            "from with load_model."
        )


def load_released(path: str | os.PathLike) -> SegmentationModel:
    """A released DeepLab file as a Keras model of the same function.

    The backbone, its depth multiplier, the head and its width and the classes are read from the file itself; 21
    classes get the names and colours of PASCAL VOC, 19 those of Cityscapes.

    A `.tflite` file or frozen graph tells output stride, atrous rates and canvas too. Batch normalisation is folded in
    such files: the model's normalisation layers become shifts, with statistics of mean 0 and variance 1. `fit` measures
    those of its data first; before other ways of training with batch statistics call `recalibrate_batch_norm`.

    A checkpoint has the batch statistics, but no strides and rates: the output stride is 16 (LR-ASPP: 32) and the rates
    follow it, which is logged; `load_checkpoint_model` takes others, and `model.rebuild(output_stride=8)`
    changes them afterwards.

    Args:
        path: A released `.tflite` file (8-bit or float), a frozen graph (`.pb`), or a checkpoint of TensorFlow 1: its
            prefix (`model.ckpt-30000`), one of its files or its folder. Or an archive of the release's model zoo
            (`.tar.gz`), or a name in it (`deeplab_tf.ZOO`), which is downloaded once, converted and kept in Keras's
            cache; of these all settings are known.

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If a download fails; the message says what to fetch by hand and where to put it.
        ValueError: If it is damaged, not a DeepLab, or its weights do not fit; the message names it.

    Example:
        >>> model = load_released("deeplabv3_mnv2_pascal_quant.tflite")
        >>> model.output_stride, model.labels.name, model.crop_size
        (16, 'pascal_voc', [513, 513])
    """
    if in_zoo(path):
        return load_zoo(path, functools.partial(_load_unpacked, path))
    if is_checkpoint(path):
        return load_checkpoint_model(path)
    released = read_released(path)
    model = build_from(released)
    transfer = assign_folded(model, released)
    if transfer.fresh or transfer.unused:
        raise ValueError(
            f"{path} does not fit the {model.backbone_name} network that it seems to be: "
            f"missing {transfer.fresh or 'nothing'}, not used {transfer.unused or 'nothing'}."
        )
    if released.input_range is not None:
        _check_input(path, model, released.input_range)
    logger.info(
        "%s: its normalisation is folded. Training needs statistics of real data: fit measures them on what it is "
        "given, recalibrate_batch_norm(model, images) on images of your choice.",
        shown(path),
    )
    return model


def _check_input(path: str | os.PathLike, model: SegmentationModel, found: np.ndarray) -> None:
    """Refuses a file whose network gets other input values than the model built for it."""
    (layer,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    expected = np.array([[0.0], [255.0]]) * layer.scale + np.broadcast_to(layer.offset, RGB)
    if np.abs(found - expected).max() > 0.05 * np.ptp(expected):
        theirs, ours = (" to ".join(str(end.round(2).tolist()) for end in ends) for ends in (found, expected))
        raise ValueError(
            f"{shown(path)} feeds its network {theirs} for the pixels 0 to 255; {model.backbone_name} here sees {ours} "
            "and would predict otherwise. Run the file itself with Segmenter, or take its weights as a start for "
            "training (transfer_weights)."
        )


def _load_unpacked(source: str | os.PathLike, path: Path, arguments: dict | None) -> SegmentationModel:
    """The model of what the archive `source` holds; a frozen graph describes itself and needs no `arguments`."""
    return load_checkpoint_model(path, arguments, source=source) if is_checkpoint(path) else load_released(path)


def build_from(released: ReleasedFile) -> SegmentationModel:
    """The network that a released file describes, with fresh weights.

    Raises:
        ValueError: If the file is not a DeepLab of a known backbone; the message names it.
    """
    kernels, convolutions = released.kernels(), released.convolutions
    model, settings = recognise(released.path, kernels)
    scope = backbones.BACKBONES[settings["backbone"]].scope
    output_stride = math.prod(convolutions[conv].stride for conv in released.scopes(f"{scope}/"))
    window = released.pooling_window
    if rates := tuple(convolutions[branch].rate for branch in dilated_branches(kernels)):
        settings["atrous_rates"] = rates
    crop_size = None if not window else (window - 1) * output_stride + 1
    return model(
        **settings,
        labels=released_labels(settings["classes"]),
        output_stride=output_stride,
        crop_size=crop_size,
        image_size=crop_size,
    )


def holds_segmentation(path: str | os.PathLike) -> bool:
    """Whether a weights file holds a whole segmentation network, not a classifier, which says nothing about one.

    Args:
        path: What `transfer_weights` takes, but a model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or of no known format; the message names it.
    """
    if path == IMAGENET or is_application(path):
        return False
    if in_zoo(path):
        if entry := entry_of(path):
            return entry.model is not None
        with opened(path) as found:
            return holds_segmentation(found)
    if is_checkpoint(path):
        return holds_deeplab(read_checkpoint(path).kernels())
    return is_keras_model(path) or holds_deeplab(read_released(path).kernels())


def is_keras_model(path: str | os.PathLike) -> bool:
    """Whether a path means a model of this package: a `.keras` file, or a run folder."""
    path = Path(path)
    folder = path.is_dir() and not (path / SAVED_MODEL).is_file() and not is_checkpoint(path)
    return path.suffix == ".keras" or folder


def transfer_weights(model: SegmentationModel, source: str | os.PathLike | SegmentationModel) -> Transfer:
    """Loads all weights that fit by name and shape, in place: a start for training.

    A stem for images of another number of channels than the file's is averaged over its own, which is logged.

    Args:
        model: The model to start.
        source: A model, a `.keras` file, a run folder, or a released file: a DeepLab, or the ImageNet classifier of
            the same backbone, as `.tflite`, `.pb` or checkpoint. A checkpoint must fill the whole backbone. Also
            an archive of the release's model zoo, or a name in it; a network or weights file of `keras.applications`
            (`.keras`, `.h5`); or `"imagenet"`, which is whichever of these the backbone has.

    Returns:
        What was loaded and what was left as it was.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If a download fails; the message says what to fetch by hand and where to put it.
        ValueError: If the file is damaged or nothing of the backbone fits; the message names it.

    Example:
        >>> str(transfer_weights(DeepLabV3Plus("mobilenet_v2", classes=11), "mobilenet_v2_1.0_224_quant.tflite"))
        '104 layers loaded, 23 new (...)'
    """
    source = imagenet_source(model) if isinstance(source, str) and source == IMAGENET else source
    if not isinstance(source, keras.Model):
        refuse_saved_model(Path(source))
    if isinstance(source, keras.Model):
        transfer = assign_layers(model, source)
    elif not is_application(source) and in_zoo(source):
        return _transfer_zoo(model, source)
    elif not (is_application(source) or is_checkpoint(source) or Path(source).suffix in READERS):
        transfer = assign_layers(model, load_model(source))
    elif model.input_shape[-1] != RGB:
        twin = type(model)(**{**model.settings, "input_shape": (None, None, RGB)})
        transfer = transfer_weights(twin, source)
        copy_weights(twin, model)
    elif is_application(source):
        network = open_application(model, source)
        check_finite(network, source)
        transfer = copy_application(network, model)
    elif is_checkpoint(source):
        transfer = load_checkpoint(model, source, start=True)
    else:
        transfer = assign_folded(model, read_released(source))
    scope = backbones.BACKBONES[model.backbone_name].scope
    if not any(name.startswith(f"{scope}.") for name in transfer.loaded):
        raise ValueError(
            f"{source} has no weights that fit the backbone {model.backbone_name} of this model. "
            "Give weights of the same backbone and depth multiplier."
        )
    return transfer


def _transfer_zoo(model: SegmentationModel, source: str | os.PathLike) -> Transfer:
    check_backbone(model, source)
    entry = entry_of(source)
    if entry and entry.model:
        return transfer_weights(model, load_released(source))
    with opened(source) as found:
        return transfer_weights(model, found)
