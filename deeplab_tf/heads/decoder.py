"""The v3+ decoder: low-level features refine the encoder's map at a finer stride (v3+ paper, section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.checks import one_of
from deeplab_tf.layers.convolution import conv_bn, head_conv_bn
from deeplab_tf.layers.normalization import Norm
from deeplab_tf.layers.resize import ResizeLike

LOW_LEVEL_FILTERS = 48
MERGES = ("concat", "sum")


def decoder(
    x,
    taps: Mapping[int, keras.KerasTensor],
    strides: Sequence[int],
    *,
    norm: Norm,
    filters: int = 256,
    separable: bool = True,
    merge: str = "concat",
    gives_logits: bool = False,
):
    """Refines `x` stage by stage with the backbone's features at each of `strides`.

    A stage projects the features by a 1x1 convolution. `"concat"` concatenates both maps and applies two 3x3
    convolutions to them; `"sum"` applies one to `x` alone and adds the features, projected to as many channels.

    Args:
        x: `[B, h, w, C]`, the encoder's output.
        taps: The backbone's low-level features, keyed by stride.
        strides: Strides of the stages, descending, for instance `(4,)`.
        norm: Settings of the normalisation.
        filters: Channels of the 3x3 convolutions of a stage.
        separable: Separable 3x3 convolutions.
        merge: `"concat"` or `"sum"`.
        gives_logits: The result is the logits, so every convolution is a plain 1x1 with a bias, without
            normalisation, in float32; `filters` is the number of classes.

    Returns:
        `[B, H / strides[-1], W / strides[-1], filters]`.

    Raises:
        ValueError: If the strides do not descend, the backbone has no features at one of them, or there is no such
            merge.
    """
    merge = one_of("decoder_merge", merge, MERGES)
    if list(strides) != sorted(set(strides), reverse=True):
        raise ValueError(f"Decoder strides must descend, for instance (8, 4); received {tuple(strides)}.")
    for stage, stride in enumerate(strides):
        if stride not in taps:
            remedy = f"it has them at {sorted(taps)}. Choose among these" if taps else "it has none. Take DeepLabV3"
            raise ValueError(f"The backbone has no decoder features at stride {stride}; {remedy}.")
        suffix = f"_{stage}" if stage else ""
        name = f"decoder.feature_projection0{suffix}"
        low_filters = LOW_LEVEL_FILTERS if merge == "concat" else filters
        low_level = (
            _logits(taps[stride], low_filters, name)
            if gives_logits
            else conv_bn(taps[stride], low_filters, 1, name=name, norm=norm)
        )
        x = ResizeLike(name=f"decoder.resize{suffix}")([x, low_level])
        if merge == "concat":
            x = keras.layers.Concatenate(name=f"decoder.concat{suffix}")([x, low_level])
        for name in _convolutions(merge, separable and not gives_logits, suffix):
            x = (
                _logits(x, filters, name)
                if gives_logits
                else head_conv_bn(x, filters, name=name, norm=norm, separable=separable)
            )
        if merge == "sum":
            x = keras.layers.Add(name=f"decoder.add{suffix}", dtype="float32" if gives_logits else None)([x, low_level])
    return x


def _convolutions(merge: str, separable: bool, suffix: str) -> list[str]:
    """Names of a stage's convolutions: the release repeats plain ones in a scope of their own."""
    if merge == "sum":
        return [f"decoder.decoder_conv0{suffix}"]
    if separable:
        return [f"decoder.decoder_conv{index}{suffix}" for index in (0, 1)]
    return [f"decoder.decoder_conv0{suffix}.decoder_conv0_{index}" for index in (1, 2)]


def _logits(x, classes: int, name: str):
    # What gives logits stays in float32 under mixed precision, as the loss needs it.
    return keras.layers.Conv2D(classes, 1, dtype="float32", name=name)(x)


def reads_logits(name: str) -> bool:
    """Whether a convolution of a decoder that gives logits has a map of logits as the first part of its input.

    Example:
        >>> reads_logits("decoder.decoder_conv0.decoder_conv0_1"), reads_logits("decoder.decoder_conv0.decoder_conv0_2")
        (False, True)
    """
    stage, convolution = re.fullmatch(r"decoder\.\w+?0(?:_(\d+))?(?:\.decoder_conv0_(\d))?", name).groups()
    return "projection" not in name and (stage is not None or convolution == "2")
