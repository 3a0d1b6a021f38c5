"""Arguments that several constructors have: the type, the default and the meaning of each stand here, once.

A constructor takes them as `**settings: Unpack[...]` of one of these classes, which type checkers and editors read.
`signatures.py` puts them among the arguments that `help` and `inspect.signature` show.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from typing_extensions import TypedDict

from deeplab_tf.labels import LabelSpec


class Argument(NamedTuple):
    """What a constructor's argument is when left out, and what it means."""

    default: object
    text: str


class ModelSettings(TypedDict, total=False):
    """What every model takes."""

    labels: Annotated[
        LabelSpec | Mapping | str | None,
        Argument(None, "`LabelSpec`, its dictionary, or the name of a known data set; travels with the model."),
    ]
    input_shape: Annotated[Sequence[int | None], Argument((None, None, 3), "`(H, W, channels)`; H and W may be None.")]
    depth_multiplier: Annotated[
        float | None,
        Argument(None, "Width of the backbone: scales the channels of its layers; 1, as published, when left out."),
    ]
    crop_size: Annotated[
        int | Sequence[int] | None,
        Argument(
            None,
            "Side, or (height, width), of the canvas to which smaller images are padded for prediction: the size that "
            "the network was trained on.",
        ),
    ]
    image_size: Annotated[
        int | Sequence[int] | None,
        Argument(
            None,
            "Side, or (height, width), of the images that the network is made for; larger ones are scaled to fit it "
            "for prediction. None predicts all at their own size.",
        ),
    ]
    upsample_logits: Annotated[
        bool,
        Argument(
            True,
            "Resize the logits to the input's size; otherwise they are at the output stride or the decoder's last one.",
        ),
    ]
    weights: Annotated[
        str | os.PathLike | None,
        Argument(
            None,
            'What to start from: None, `"imagenet"`, a name of the release\'s model zoo (`deeplab_tf.ZOO`), or a file '
            "that `transfer_weights` takes. It is not kept with the model.",
        ),
    ]
    name: Annotated[str | None, Argument(None, "The model's name.")]


class _Normalization(TypedDict, total=False):
    frozen_batch_norm: Annotated[
        bool, Argument(False, "Train with fixed batch statistics; scale and shift still train.")
    ]


class _Encoder(TypedDict, total=False):
    output_stride: Annotated[int, Argument(16, "Input size over size of the backbone's last map: 8, 16 or 32.")]
    atrous_rates: Annotated[
        Sequence[int] | None,
        Argument(
            None,
            "Rates of the ASPP branches. None takes 6, 12, 18 at output stride 16, doubled at 8, halved at 32; `()` "
            'is the release\'s "no ASPP" head of its MobileNetV2 models.',
        ),
    ]
    divisible_by: Annotated[
        int | None,
        Argument(None, "What MobileNetV2's channels are made multiples of; 8 for the widths of `keras.applications`."),
    ]
    multi_grid: Annotated[
        Sequence[int] | None,
        Argument(
            None,
            "Relative rates of the units in the backbone's last block, where it has them, such as (1, 2, 4).",
        ),
    ]
    dense_prediction_cell: Annotated[
        str | Sequence[Mapping] | None,
        Argument(
            None,
            'The searched head in place of the ASPP: `"cityscapes"`, or a list of branches as '
            "`deeplab_tf.heads.dense_prediction_cell` takes them. It has separable convolutions of its own.",
        ),
    ]
    image_pooling: Annotated[bool, Argument(True, "The ASPP has its image-level branch.")]
    filters: Annotated[int, Argument(256, "Channels of the ASPP.")]
    dropout: Annotated[float, Argument(0.1, "Fraction dropped after the ASPP's projection, in training.")]


class NormalizedSettings(_Normalization, ModelSettings, total=False):
    """What every model takes whose batch normalisation trains unless it is told not to."""


class EncoderSettings(_Encoder, NormalizedSettings, total=False):
    """What DeepLabv3 takes, alone and as the encoder of DeepLabv3+."""


# What is the same of all models: by section of their docstrings.
SECTIONS = {
    "Call arguments": "RGB images, uint8 or float `[B, H, W, 3]`, 0-255, any H and W.",
    "Returns": "Logits, float32 `[B, H, W, classes]`.",
    "Raises": "ValueError: If an argument is unknown or not possible; the message lists what is.",
}
