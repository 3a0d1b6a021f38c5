"""Which network a released file holds, read off the scopes and shapes of its kernels."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import keras

from deeplab_tf import backbones
from deeplab_tf.backbones.genotype import genotype
from deeplab_tf.heads import CLASSIFIER
from deeplab_tf.models import LRASPP, AutoDeepLab, DeepLabV3, DeepLabV3Plus, SegmentationModel
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights.transfer import convolutions_of, fitting

Kernels = Mapping[str, tuple[int, ...]]

CLASSIFIER_SCOPE = CLASSIFIER.replace(".", "/")
# A decoder that gives the logits, as LR-ASPP's, has no classifier behind it: its last convolution stands for one.
DECODER_CLASSIFIERS = ("decoder/decoder_conv0", "decoder/decoder_conv0/decoder_conv0_2")
LOW_LEVEL = "decoder/feature_projection0"
# The last convolution of a stage, by (merge, separable).
LAST_CONVOLUTIONS = {
    ("concat", True): "decoder/decoder_conv1_pointwise",
    ("concat", False): "decoder/decoder_conv0/decoder_conv0_2",
    ("sum", True): "decoder/decoder_conv0_pointwise",
    ("sum", False): "decoder/decoder_conv0",
}
CELL = "meta_architecture"
CELL_BRANCHES = {"cityscapes": 5}
# Where a file shows a backbone's width: a scope inside the backbone's, and its channels at depth multiplier 1.
WIDTHS = {
    "mobilenet_v2": ("expanded_conv_16/project", 320),
    "mobilenet_v3_large": ("Conv_1", 480),
    "mobilenet_v3_small": ("Conv_1", 288),
    "mobilenet_edgetpu": ("expanded_conv_21/project", 192),
    "mobilenet_edgetpu_slim": ("expanded_conv_21/project", 192),
}
# Options beside the width, of which a file has one; the first that fits is taken.
VARIANTS = {
    "mobilenet_v2": ({}, {"divisible_by": 8}),
    "pnasnet": tuple({"output_stride": stride} for stride in (16, 8, 32)),
}


def recognise(path: Path, kernels: Kernels, given: Mapping | None = None) -> tuple[type[SegmentationModel], dict]:
    """The class and the constructor's arguments of the network that has these kernels.

    Atrous rates are not among them except `()`, where there are no dilated branches; output stride is for
    PNASNet only, whose weights depend on it.

    Args:
        path: The file, for messages.
        kernels: The shapes of its kernels by scope.
        given: Arguments that are known already; `backbone`, `genotype` and `dense_prediction_cell` are heeded.

    Returns:
        (class, arguments).

    Raises:
        ValueError: If it is not a DeepLab of a known backbone and head; the message names the file.
    """
    given = given or {}
    candidates = _candidates(path, kernels, given)
    check_deeplab(path, kernels)
    (name, options), network = _best_fit(kernels, candidates)
    model, head = _head(path, kernels, name, given, lambda: network()[0].taps)
    settings = {"backbone": name, **options, **head}
    return (AutoDeepLab, _auto_deeplab(settings)) if name == "hnasnet" else (model, settings)


def recognise_backbone(path: Path, kernels: Kernels) -> tuple[str, dict]:
    """The name and the options of the backbone that has these kernels, whatever stands behind it.

    Raises:
        ValueError: If it is not a known one; the message names the file.
    """
    return _best_fit(kernels, _candidates(path, kernels, {}))[0]


def check_deeplab(path: Path, kernels: Kernels) -> None:
    """Refuses what gives no logits for each pixel.

    Raises:
        ValueError: If it does not; the message names the file.
    """
    if not holds_deeplab(kernels):
        kind = "an ImageNet classifier" if _has(kernels, ".*[Ll]ogits") else "another kind of network"
        raise ValueError(
            f"{path} is {kind}, not a DeepLab: it has no {CLASSIFIER_SCOPE}. "
            "As a start for training it serves through --weights (transfer_weights)."
        )


def holds_deeplab(kernels: Kernels) -> bool:
    """Whether there is a classifier of pixels among the kernels."""
    return _classifier(kernels) is not None


def class_count(kernels: Kernels) -> int:
    """Number of classes of a DeepLab."""
    return kernels[_classifier(kernels)][-1]


def dilated_branches(kernels: Kernels) -> list[str]:
    """The scopes of the dilated branches' first convolutions, by number."""
    found = [scope for scope in kernels if re.match(r"aspp[1-9]\d*(_depthwise)?$", scope)]
    return sorted(found, key=lambda scope: int(re.search(r"\d+", scope)[0]))


def _classifier(kernels: Kernels) -> str | None:
    """The scope of the convolution that gives the logits."""
    if CLASSIFIER_SCOPE in kernels:
        return CLASSIFIER_SCOPE
    return next((scope for scope in DECODER_CLASSIFIERS if kernels.get(scope, (0,))[:2] == (1, 1)), None)


def _has(kernels: Kernels, pattern: str) -> bool:
    return any(re.match(pattern, scope) for scope in kernels)


def _candidates(path: Path, kernels: Kernels, given: Mapping) -> list[tuple[str, dict]]:
    """The backbones whose scope is there, each with the options that the kernels show."""
    candidates = []
    for name, backbone in backbones.BACKBONES.items():
        if _has(kernels, f"{backbone.scope}/") and given.get("backbone", name) == name:
            shown = _shown(kernels, name, given)
            variants = VARIANTS.get(name, ({},))
            candidates += [(name, {**shown, **variant}) for variant in variants]
    if candidates:
        return candidates
    found = sorted({scope.split("/")[0] for scope in kernels})
    raise ValueError(
        f"{path} is not a DeepLab with a known backbone. Its parts are {found[:6]}; "
        f"known backbones are {sorted(backbones.BACKBONES)}."
    )


def _shown(kernels: Kernels, name: str, given: Mapping) -> dict:
    scope = backbones.BACKBONES[name].scope
    if name in WIDTHS:
        place, channels = WIDTHS[name]
        kernel = kernels.get(f"{scope}/{place}")
        return {"depth_multiplier": round(kernel[-1] / channels, 4)} if kernel else {}
    if name == "hnasnet" and f"{scope}/cell_0/1x1" in kernels:
        genes = genotype(given.get("genotype", "auto_deeplab"))
        return {"genotype": genes.to_dict(), "base_filters": kernels[f"{scope}/cell_0/1x1"][-1] // 2 ** genes.path[0]}
    blocks = _cascade(kernels)
    return {"cascade_blocks": len(blocks)} if blocks else {}


def _cascade(kernels: Kernels) -> set[str]:
    """The blocks of a ResNet behind its last."""
    return {scope.split("/")[1] for scope in kernels if re.match(r"resnet_v1_\d+/block[5-7]/", scope)}


def _network(name: str, options: Mapping):
    """A backbone's features and its model, without values: only shapes count here."""

    def build():
        images = keras.Input((None, None, 3))
        features = backbones.backbone(name).build(images, **options)
        return features, keras.Model(images, features.last)

    return without_values(build)


def _best_fit(kernels: Kernels, candidates: list) -> tuple[tuple[str, dict], Callable]:
    """The first of several candidates whose convolutions all have the file's shapes, and what builds its network."""
    networks = [functools.cache(functools.partial(_network, *candidate)) for candidate in candidates]
    best = 0
    if len(candidates) > 1:
        models = (network()[1] for network in networks)
        fits = (len(fitting(model, kernels)) == len(convolutions_of(model)) for model in models)
        best = next((index for index, fit in enumerate(fits) if fit), 0)
    return candidates[best], networks[best]


def _head(path: Path, kernels: Kernels, name: str, given: Mapping, taps: Callable):
    """The class, and its arguments that are not the backbone's; `taps` builds the backbone and gives its taps."""
    settings = {"classes": class_count(kernels)}
    in_decoder = CLASSIFIER_SCOPE not in kernels
    if in_decoder and "concat_projection" not in kernels:
        return LRASPP, {
            **settings,
            "filters": kernels["aspp0"][-1],
            "decoder_stride": _tap_strides(path, kernels, taps(), [LOW_LEVEL])[0],
        }
    if f"{CLASSIFIER_SCOPE}_1" in kernels:
        raise ValueError(
            f"{path} sums several classifiers, as DeepLabv2 does, and tells neither their rates nor the form of its "
            'backbone. Give them: settings={"model": "v2", "backbone": ..., "atrous_rates": ...}.'
        )
    if "aspp0" in kernels:
        settings |= {"filters": kernels["aspp0"][-1]}
        settings |= {} if dilated_branches(kernels) else {"atrous_rates": ()}
        settings |= {} if "image_pooling" in kernels else {"image_pooling": False}
    elif _has(kernels, f"{CELL}/"):
        settings |= _cell(path, kernels, given)
    elif "cascade_blocks" in backbones.backbone(name).options:
        settings |= {"cascade_blocks": len(_cascade(kernels))}
    settings["separable"] = _has(kernels, rf"{'aspp' if dilated_branches(kernels) else 'decoder/'}.*_depthwise$")
    stages = sorted(scope for scope in kernels if re.match(rf"{LOW_LEVEL}(_\d+)?$", scope))
    if not stages:
        return DeepLabV3, settings
    strides = tuple(_tap_strides(path, kernels, taps(), stages))
    return DeepLabV3Plus, settings | {"decoder_strides": strides} | _decoder(kernels, settings["separable"], in_decoder)


def _decoder(kernels: Kernels, separable: bool, gives_logits: bool) -> dict:
    """The arguments of the decoder, but its strides; those that are the defaults are left out."""
    form = next((form for form, scope in LAST_CONVOLUTIONS.items() if scope in kernels), ("concat", separable))
    found = {} if form[0] == "concat" else {"decoder_merge": form[0]}
    if gives_logits:
        return found | {"decoder_logits": True}
    found |= {} if form[1] == separable else {"decoder_separable": form[1]}
    return found | {"decoder_filters": kernels.get(LAST_CONVOLUTIONS[form], (256,))[-1]}


def _auto_deeplab(settings: dict) -> dict:
    """The arguments by that class's names."""
    kept = ("genotype", "base_filters", "classes", "atrous_rates", "separable", "filters", "decoder_strides")
    return {
        "decoder_strides": (),
        **{name: settings[name] for name in kept if name in settings},
    }


def _tap_strides(path: Path, kernels: Kernels, taps: Mapping, stages: list[str]) -> list[int]:
    """The stride of each decoder stage: that of the backbone's tap with as many channels as the stage reads."""
    strides = {tap.shape[-1]: stride for stride, tap in sorted(taps.items(), reverse=True)}
    for scope in stages:
        if kernels[scope][2] not in strides:
            raise ValueError(
                f"{path}: {scope} reads {kernels[scope][2]} channels, and the backbone's decoder features have, by "
                f"channels, the strides {strides}. Say how it is built: settings={{'model': ..., ...}}."
            )
    return [strides[kernels[scope][2]] for scope in stages]


def _cell(path: Path, kernels: Kernels, given: Mapping) -> dict:
    filters = kernels[f"{CELL}/concat_projection"][-1]
    branches = [kernels.get(f"{CELL}/branch{index}_depthwise") for index in range(CELL_BRANCHES["cityscapes"])]
    further = f"{CELL}/branch{len(branches)}(_depthwise)?$"
    published = all(branches) and all(kernel[2] == filters for kernel in branches[1:]) and not _has(kernels, further)
    if not published and "dense_prediction_cell" not in given:
        raise ValueError(
            f"{path} has a dense prediction cell that is not the published one, and tells nothing of its rates. "
            "Give it: settings={'dense_prediction_cell': [...]}."
        )
    return {"dense_prediction_cell": "cityscapes", "filters": filters}
