"""ImageNet weights of `keras.applications` for the backbones that compute the same."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from deeplab_tf.backbones import BACKBONES
from deeplab_tf.files.reading import reading, reason
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.transfer import Transfer, convolutions_of
from deeplab_tf.weights.zoo.catalogue import ZOO

IMAGENET = "imagenet"
# RGB mean of keras.applications' networks that were made with Caffe; their kernels see the channels as BGR.
CAFFE_MEAN = np.float32((123.68, 116.779, 103.939))
# VGG's fully connected layers; the first sees a map of 7x7.
DENSE, FC1_SIDE = ("fc1", "fc2"), 7


@dataclasses.dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Args:
        function: Its name there.
        layer: From the name of a convolution here, without the backbone's scope, to (convolution, normalisation) there.
        widths: The depth multipliers (`alpha`) that were published.
        caffe: Its kernels see BGR, less Caffe's mean.
    """

    function: str
    layer: Callable[[str], tuple[str, str]]
    widths: tuple[float, ...] = (1.0,)
    caffe: bool = False


def _mobilenet_v2(name: str) -> tuple[str, str]:
    if name == "Conv":
        return "Conv1", "bn_Conv1"
    name = re.sub(r"^expanded_conv_(\d+)", r"block_\1", name).replace(".", "_")
    return name, f"{name}_BN"


def _mobilenet_v3(name: str) -> tuple[str, str]:
    name = name.replace(".", "_").lower()
    return name, f"{name}_bn"


def _resnet(name: str) -> tuple[str, str]:
    found = re.match(r"block(\d+)\.unit_(\d+)\.bottleneck_v1\.(?:conv(\d)|shortcut)$", name)
    stem = f"conv{int(found[1]) + 1}_block{found[2]}_{found[3] or 0}" if found else name
    return f"{stem}_conv", f"{stem}_bn"


def _vgg(name: str) -> tuple[str, str]:
    return re.sub(r"^conv(\d)\.conv\d_(\d)$", r"block\1_conv\2", name), ""


APPLICATIONS = {
    "mobilenet_v2": Application("MobileNetV2", _mobilenet_v2, widths=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4)),
    "mobilenet_v3_large": Application("MobileNetV3Large", _mobilenet_v3, widths=(0.75, 1.0)),
    "mobilenet_v3_small": Application("MobileNetV3Small", _mobilenet_v3, widths=(0.75, 1.0)),
    "resnet_50_v2": Application("ResNet50", _resnet, caffe=True),
    "resnet_101_v2": Application("ResNet101", _resnet, caffe=True),
    "vgg_16": Application("VGG16", _vgg, caffe=True),
}
# By backbone, the zoo's entry that holds its ImageNet weights.
ZOO_STARTS = {entry.backbone: name for name, entry in ZOO.items() if entry.data == "ImageNet"}


def imagenet_source(model: SegmentationModel) -> str:
    """Where the ImageNet weights of a model's backbone are: a name in the zoo, or `"imagenet"` for keras.applications.

    Raises:
        ValueError: If none were published for this backbone in this width; the message lists the backbones that have
            some.
    """
    name, config = model.backbone_name, model.settings
    if name in ZOO_STARTS:
        return ZOO_STARTS[name]
    if name not in APPLICATIONS:
        raise ValueError(
            f"There are no ImageNet weights for the backbone {name!r}; there are for "
            f"{sorted([*APPLICATIONS, *ZOO_STARTS])}."
        )
    widths, width = APPLICATIONS[name].widths, config.get("depth_multiplier") or 1.0
    if width not in widths:
        raise ValueError(f"ImageNet weights of {name} were published at depth_multiplier {widths}; received {width}.")
    if name == "mobilenet_v2" and width != 1.0 and config.get("divisible_by") != 8:
        raise ValueError(
            f"The ImageNet weights of {name} at depth_multiplier {width} have channels in multiples of 8, unlike the "
            "release's networks. Build the model with divisible_by=8, on the command line --set divisible_by=8."
        )
    return IMAGENET


def published_network(model: SegmentationModel) -> keras.Model:
    """The network of `keras.applications` for a model's backbone, with its published weights from Keras's cache.

    Raises:
        ConnectionError: If the download fails; the message says what to fetch by hand.
        ValueError: If the backbone has no such network.
    """
    application = _application(model, IMAGENET)
    try:
        return _build(model, application, weights="imagenet", include_top=_with_top(model))
    except Exception as error:
        # Keras raises a bare Exception where a download fails.
        raise ConnectionError(
            f"Cannot download the ImageNet weights of {application.function} ({error}). Fetch the file by hand "
            f'and give it: weights="FILE.h5", on the command line --weights FILE.h5.'
        ) from error


def load_network(model: SegmentationModel, path: Path) -> keras.Model:
    """A whole network of `keras.applications` from its `.keras` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the model's backbone has no such network, or the file is damaged; the message names it.
    """
    _application(model, path)
    _check_there(path)
    with reading(path, "a network of keras.applications", "Save or copy it again."):
        return keras.models.load_model(path, compile=False)


def load_network_weights(model: SegmentationModel, path: Path) -> keras.Model:
    """The network of `keras.applications` for a model's backbone, with weights from a `.h5` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the backbone has no such network, or the file does not fit it; the message names it.
    """
    application = _application(model, path)
    _check_there(path)
    reasons = []
    for include_top in (_with_top(model), not _with_top(model)):
        network = _build(model, application, weights=None, include_top=include_top)
        try:
            network.load_weights(path)
        except Exception as error:
            # HDF5 raises whatever a damaged file provokes.
            reasons.append(reason(error))
        else:
            return network
    raise ValueError(f"{path} does not hold weights of keras.applications.{application.function}: {reasons[0]}")


def _application(model: SegmentationModel, source: str | os.PathLike) -> Application:
    if model.backbone_name not in APPLICATIONS:
        raise ValueError(
            f"{source} is a network of keras.applications, which has none that fits the backbone "
            f"{model.backbone_name!r}; it has for {sorted(APPLICATIONS)}."
        )
    return APPLICATIONS[model.backbone_name]


def _build(model: SegmentationModel, application: Application, **options) -> keras.Model:
    if len(application.widths) > 1:
        options["alpha"] = model.settings.get("depth_multiplier") or 1.0
    return getattr(keras.applications, application.function)(input_shape=(224, 224, 3), **options)


def _with_top(model: SegmentationModel) -> bool:
    """Whether the model has a place for the classifier's fully connected layers."""
    return any(".fc6" in layer.name for layer in model.layers)


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Check the path.")


def copy_application(source: keras.Model, model: SegmentationModel) -> Transfer:
    """Copies what fits by name and shape into a model's backbone, in place, as the function that it computes there.

    Biases in front of a normalisation go into its mean; another epsilon into its variance; the order of the channels,
    and another mean of the images, into the first convolution. Zero padding stands for each network's own mean, so
    that close to the border the maps differ by what the means do: one grey value of 255.

    Args:
        source: A network of `keras.applications`.
        model: The model to fill; its images are RGB.

    Returns:
        Which convolutions were filled, and which were not.
    """
    application, scope = APPLICATIONS[model.backbone_name], BACKBONES[model.backbone_name].scope
    theirs = {layer.name: layer for layer in source.layers}
    norms = {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}
    filled, used = [], set()
    for name, layer in convolutions_of(model).items():
        convolution, normalization = application.layer(name.removeprefix(f"{scope}."))
        if convolution not in theirs or not name.startswith(f"{scope}."):
            continue
        kernel, *bias = theirs[convolution].get_weights()
        if kernel.shape != tuple(layer.kernel.shape):
            continue
        shift = bias[0] if bias else np.float32(0.0)
        if application.caffe and kernel.shape[2] == 3:
            kernel = kernel[:, :, ::-1]
            shift = shift + kernel.sum(axis=(0, 1)).T @ (_mean(model) - CAFFE_MEAN)
        norm = norms.get(f"{name}.BatchNorm")
        layer.set_weights([kernel, shift] if layer.use_bias else [kernel])
        if norm is not None:
            _copy_norm(theirs[normalization], norm, shift)
        filled.append(name)
        used.update((convolution, normalization))
    if dense := _fully_connected(theirs, model, scope):
        filled += dense
        used.update(DENSE)
    return Transfer(
        loaded=filled,
        fresh=[name for name in convolutions_of(model) if name not in filled],
        unused=[layer.name for layer in source.layers if layer.weights and layer.name not in used],
    )


def _copy_norm(source: keras.layers.BatchNormalization, norm: BatchNorm, shift: np.ndarray) -> None:
    gamma, beta, mean, variance = source.get_weights()
    norm.set_weights([gamma, beta, mean - shift, variance + (source.epsilon - norm.epsilon)])


def _mean(model: SegmentationModel) -> np.ndarray:
    """The RGB value that the network subtracts."""
    return np.float32(model.pad_value)


def _fully_connected(theirs: dict, model: SegmentationModel, scope: str) -> list[str]:
    """Fills VGG's fully connected layers, which are convolutions here.

    Of fc1's 7x7 taps a smaller kernel keeps every third (3x3) or second (4x4): with the rates of 12 and 8 that the
    papers give these, they stand where those of the 7x7 kernel do at its rate of 4. Where there are fewer channels, a
    random subset is kept, as in the v2 paper, another one for each branch.
    """
    filled = []
    for layer in model.layers:
        found = re.match(rf"{scope}\.fc6(_(\d+))?$", layer.name)
        if not found or not theirs.keys() >= set(DENSE):
            continue
        follower = model.get_layer(f"{scope}.fc7{found[1] or ''}")
        (kernel, bias), (kernel_2, bias_2) = (theirs[name].get_weights() for name in DENSE)
        kernel = kernel.reshape(FC1_SIDE, FC1_SIDE, -1, len(bias))
        side, _, channels, width = layer.kernel.shape
        if channels != kernel.shape[2] or width > min(len(bias), len(bias_2)):
            continue
        taps = np.linspace(0, FC1_SIDE - 1, side).round().astype(int)
        draw = np.random.default_rng(int(found[2] or 0))
        first, second = (np.sort(draw.choice(len(values), width, replace=False)) for values in (bias, bias_2))
        layer.set_weights([kernel[np.ix_(taps, taps)][..., first], bias[first]])
        follower.set_weights([kernel_2[np.ix_(first, second)][None, None], bias_2[second]])
        filled += [layer.name, follower.name]
    return filled
