"""Released DeepLab files as native Keras models, and as a start for training others."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import keras

from deeplab_tf import backbones
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import DeepLabV3, DeepLabV3Plus, SegmentationModel, copy_weights, load_model
from deeplab_tf.models.segmentation_model import CLASSIFIER
from deeplab_tf.weights.frozen_graph import read_frozen_graph
from deeplab_tf.weights.released_file import Convolution, ReleasedFile
from deeplab_tf.weights.tflite_file import read_tflite

READERS = {".tflite": read_tflite, ".pb": read_frozen_graph}
CLASSIFIER_SCOPE = CLASSIFIER.replace(".", "/")
# Where a file shows a backbone's width: a scope inside the backbone's, and its channels at depth multiplier 1.
WIDTHS = {
    "mobilenet_v2": ("expanded_conv_16/project", 320),
    "mobilenet_v3_large": ("Conv_1", 480),
    "mobilenet_v3_small": ("Conv_1", 288),
    "mobilenet_edgetpu": ("expanded_conv_21/project", 192),
    "mobilenet_edgetpu_slim": ("expanded_conv_21/project", 192),
}


def read_released(path: str | os.PathLike) -> ReleasedFile:
    """Reads a released file by its suffix, `.tflite` or `.pb`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the format is unknown, or the file damaged or without convolutions; the message names it.
    """
    path = Path(path)
    if path.suffix not in READERS:
        raise ValueError(f"{path} has no known format; released files end in {' or '.join(READERS)}.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    released = READERS[path.suffix](path)
    if not released.convolutions:
        raise ValueError(f"{path} holds no convolutions, so it is not a DeepLab network.")
    return released


def load_released(path: str | os.PathLike) -> SegmentationModel:
    """A released DeepLab file as a Keras model of the same function.

    The backbone, its depth multiplier, the output stride, the atrous rates, the head's width, the classes and the
    canvas are read from the file itself; 21 classes get the names and colours of PASCAL VOC, 19 those of
    Cityscapes. Batch normalisation is folded in such files: the model's normalisation layers become shifts, with
    statistics of mean 0 and variance 1. Call `recalibrate_batch_norm` before training with batch statistics.

    Args:
        path: A released `.tflite` file (8-bit or float) or frozen graph (`.pb`).

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, not a DeepLab, or its weights do not fit; the message names it.

    Example:
        >>> model = load_released("deeplabv3_mnv2_pascal_quant.tflite")
        >>> model.output_stride, model.labels.name, model.crop_size
        (16, 'pascal_voc', [513, 513])
    """
    released = read_released(path)
    model = build_from(released)
    transfer = _assign(model, released)
    if transfer.fresh or transfer.unused:
        raise ValueError(
            f"{path} does not fit the {model.backbone_name} network that it seems to be: "
            f"missing {transfer.fresh or 'nothing'}, not used {transfer.unused or 'nothing'}."
        )
    return model


def build_from(released: ReleasedFile) -> SegmentationModel:
    """The network that a released file describes, with fresh weights.

    Raises:
        ValueError: If the file is not a DeepLab of a known backbone; the message names it.
    """
    path, convolutions = released.path, released.convolutions
    candidates = _candidates(released)
    if CLASSIFIER_SCOPE not in convolutions:
        kind = "an ImageNet classifier" if released.scopes(".*Logits") else "another kind of network"
        raise ValueError(
            f"{path} is {kind}, not a DeepLab: it has no {CLASSIFIER_SCOPE}. "
            "As a start for training it serves through --weights (transfer_weights)."
        )
    name = _best_fit(released, candidates)
    scope = backbones.BACKBONES[name].scope
    output_stride = math.prod(convolutions[conv].stride for conv in released.scopes(f"{scope}/"))
    window = released.pooling_window
    settings = {
        "backbone": name,
        "classes": len(convolutions[CLASSIFIER_SCOPE].bias),
        "output_stride": output_stride,
        "atrous_rates": _atrous_rates(released),
        "separable": bool(released.scopes(r".*_depthwise$")),
        "crop_size": None if not window else (window - 1) * output_stride + 1,
        **candidates[name],
    }
    if "aspp0" in convolutions:
        settings["filters"] = len(convolutions["aspp0"].bias)
    model = DeepLabV3Plus if released.scopes("decoder/") else DeepLabV3
    return model(**settings)


def _candidates(released: ReleasedFile) -> dict[str, dict]:
    """The backbones whose scope the file has, each with the options that the file shows."""
    candidates = {}
    for name, backbone in backbones.BACKBONES.items():
        if released.scopes(f"{backbone.scope}/"):
            candidates[name] = _width(released, name)
    if candidates:
        return candidates
    found = sorted({scope.split("/")[0] for scope in released.convolutions})
    raise ValueError(
        f"{released.path} is not a DeepLab with a known backbone. Its parts are {found[:6]}; "
        f"known backbones are {sorted(backbones.BACKBONES)}."
    )


def _width(released: ReleasedFile, name: str) -> dict:
    if name not in WIDTHS:
        return {}
    scope, channels = WIDTHS[name]
    shown = released.convolutions.get(f"{backbones.BACKBONES[name].scope}/{scope}")
    return {"depth_multiplier": round(len(shown.bias) / channels, 4)} if shown else {}


def _best_fit(released: ReleasedFile, candidates: dict[str, dict]) -> str:
    """The first of the backbones that share a scope whose convolutions all have the file's shapes."""
    names = list(candidates)
    fitting = (name for name in names if len(names) > 1 and _fits(released, name, candidates[name]))
    return next(fitting, names[0])


def _fits(released: ReleasedFile, name: str, options: dict) -> bool:
    images = keras.Input((None, None, 3))
    network = keras.Model(images, backbones.backbone(name).build(images, **options).last)
    return not _convolutions(network).keys() - _matching(network, released).keys()


def _convolutions(model: keras.Model) -> dict[str, keras.layers.Layer]:
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    return {layer.name: layer for layer in model.layers if isinstance(layer, kinds)}


def _matching(model: keras.Model, released: ReleasedFile) -> dict[str, Convolution]:
    """By layer name, what the file has for it: the same scope, the same shape."""
    found = {}
    for name, layer in _convolutions(model).items():
        convolution = released.convolutions.get(name.replace(".", "/"))
        if convolution is not None and convolution.kernel.shape == tuple(layer.kernel.shape):
            found[name] = convolution
    return found


def _atrous_rates(released: ReleasedFile) -> tuple[int, ...]:
    branches = released.scopes(r"aspp[1-9]\d*(_depthwise)?$")
    return tuple(released.convolutions[scope].rate for scope in sorted(branches))


@dataclasses.dataclass(frozen=True)
class Transfer:
    """Which layers got weights from a file, and which did not.

    Args:
        loaded: Names of the layers that were loaded.
        fresh: Names of the layers with weights that the file does not have, or has in another shape.
        unused: Scopes of the file that the model has no layer for.
    """

    loaded: list[str]
    fresh: list[str]
    unused: list[str]

    def __str__(self) -> str:
        fresh = ", ".join(self.fresh) or "none"
        return f"{len(self.loaded)} layers loaded, {len(self.fresh)} new ({fresh})"


def transfer_weights(model: SegmentationModel, source: str | os.PathLike | SegmentationModel) -> Transfer:
    """Loads all weights that fit by name and shape, in place: a start for training.

    Args:
        model: The model to start.
        source: A model, a `.keras` file, a run folder, or a released file (a DeepLab, or the ImageNet
            classifier of the same backbone).

    Returns:
        What was loaded and what was left as it was.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or nothing of the backbone fits; the message names it.

    Example:
        >>> str(transfer_weights(DeepLabV3Plus("mobilenet_v2", classes=11), "mobilenet_v2_1.0_224_quant.tflite"))
        '104 layers loaded, 23 new (...)'
    """
    if not isinstance(source, keras.Model) and Path(source).suffix in READERS:
        transfer = _assign(model, read_released(source))
    else:
        loaded = source if isinstance(source, keras.Model) else load_model(source)
        transfer = _assign_layers(model, loaded)
    scope = backbones.BACKBONES[model.backbone_name].scope
    if not any(name.startswith(f"{scope}.") for name in transfer.loaded):
        raise ValueError(
            f"{source} has no weights that fit the backbone {model.backbone_name} of this model. "
            "Give weights of the same backbone and depth multiplier."
        )
    return transfer


def _assign_layers(model: keras.Model, source: keras.Model) -> Transfer:
    fresh = copy_weights(source, model)
    names = {layer.name for layer in model.layers}
    loaded = [layer.name for layer in model.layers if layer.weights and layer.name not in fresh]
    return Transfer(loaded, fresh, [layer.name for layer in source.layers if layer.weights and layer.name not in names])


def _assign(model: keras.Model, released: ReleasedFile) -> Transfer:
    """Sets each convolution, and the normalisation behind it to the folded bias, where name and shape fit."""
    matching = _matching(model, released)
    norms = {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}
    for name, convolution in matching.items():
        _set(model.get_layer(name), norms.get(f"{name}.BatchNorm"), convolution)
    used = {name.replace(".", "/") for name in matching}
    return Transfer(
        loaded=list(matching),
        fresh=[name for name in _convolutions(model) if name not in matching],
        unused=[scope for scope in released.convolutions if scope not in used],
    )


def _set(layer: keras.layers.Layer, norm: BatchNorm | None, convolution: Convolution) -> None:
    if norm is None:
        layer.set_weights([convolution.kernel, convolution.bias])
    else:
        layer.set_weights([convolution.kernel])
        norm.load_folded(convolution.bias)
