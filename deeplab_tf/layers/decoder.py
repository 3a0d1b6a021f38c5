"""The v3+ decoder: low-level features refine the encoder's map at a finer stride (v3+ paper, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.layers.convolution import conv_bn, head_conv_bn
from deeplab_tf.layers.normalization import Norm
from deeplab_tf.layers.resize import ResizeLike

LOW_LEVEL_FILTERS = 48


def decoder(
    x,
    taps: Mapping[int, keras.KerasTensor],
    strides: Sequence[int],
    *,
    norm: Norm,
    filters: int = 256,
    separable: bool = True,
):
    """Refines `x` stage by stage with the backbone's features at each of `strides`.

    Args:
        x: `[B, h, w, C]`, the encoder's output.
        taps: The backbone's low-level features, keyed by stride.
        strides: Strides of the stages, descending, for instance `(4,)`.
        norm: Settings of the normalisation.
        filters: Channels of the two 3x3 convolutions of a stage.
        separable: Separable 3x3 convolutions.

    Returns:
        `[B, H / strides[-1], W / strides[-1], filters]`.

    Raises:
        ValueError: If the strides do not descend, or the backbone has no features at one of them.
    """
    if list(strides) != sorted(set(strides), reverse=True):
        raise ValueError(f"Decoder strides must descend, for instance (8, 4); received {tuple(strides)}.")
    for stage, stride in enumerate(strides):
        if stride not in taps:
            raise ValueError(f"The backbone has no decoder features at stride {stride}; it has them at {sorted(taps)}.")
        suffix = f"_{stage}" if stage else ""
        low_level = conv_bn(taps[stride], LOW_LEVEL_FILTERS, 1, name=f"decoder.feature_projection0{suffix}", norm=norm)
        x = ResizeLike(name=f"decoder.resize{suffix}")([x, low_level])
        x = keras.layers.Concatenate(name=f"decoder.concat{suffix}")([x, low_level])
        for index in range(2):
            name = f"decoder.decoder_conv{index}" if separable else "decoder.decoder_conv0"
            name += suffix if separable else f"{suffix}.decoder_conv0_{index + 1}"
            x = head_conv_bn(x, filters, name=name, norm=norm, separable=separable)
    return x
