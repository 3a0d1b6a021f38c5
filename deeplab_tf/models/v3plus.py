"""DeepLabv3+ (arXiv 1802.02611)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.heads import decoder, encoder_head
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel, resolve_labels


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV3Plus(SegmentationModel):
    """DeepLabv3 as the encoder, and a decoder that refines its map with low-level features (section 3.1).

    Args:
        backbone: Name of the feature extractor.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        output_stride: Input size over size of the encoder's last map: 8, 16 or 32.
        atrous_rates: Rates of the ASPP branches; None follows the output stride, `()` leaves them out.
        labels: `LabelSpec`, its dictionary, or the name of a known data set; travels with the model.
        input_shape: `(H, W, channels)`; H and W may be None.
        depth_multiplier: Width of the backbone, where it has one.
        divisible_by: What MobileNetV2's channels are made multiples of; 8 for the widths of `keras.applications`.
        multi_grid: Relative rates of the units in the backbone's last block, where it has them, such as (1, 2, 4).
        dense_prediction_cell: The searched head in place of the ASPP: `"cityscapes"`, or a list of branches as
            `deeplab_tf.heads.dense_prediction_cell` takes them. It has separable convolutions of its own.
        image_pooling: The ASPP has its image-level branch.
        separable: Separable convolutions in ASPP and decoder.
        filters: Channels of the ASPP.
        dropout: Share dropped after the ASPP's projection, in training.
        decoder_strides: Strides of the decoder's stages, descending.
        decoder_filters: Channels of the decoder.
        decoder_separable: Separable convolutions in the decoder; None as `separable` says.
        decoder_merge: `"concat"`, the paper's, or `"sum"`: one convolution on the encoder's map, and the low-level
            features added.
        decoder_logits: The decoder gives the logits, by plain 1x1 convolutions without normalisation; there is no
            classifier behind it, and `decoder_filters` has no effect.
        crop_size: Side, or (height, width), of the canvas to which smaller images are padded for prediction.
        image_size: Side, or (height, width), of the images that the network is made for; larger ones are scaled to fit
            it for prediction. None predicts all at their own size.
        frozen_batch_norm: Train with fixed batch statistics; scale and shift still train.
        upsample_logits: Bring the logits to input size; else they stand at the last decoder stride.
        weights: What to start from: None, `"imagenet"`, a name of the release's model zoo (`deeplab_tf.ZOO`), or a file
            that `transfer_weights` takes. It is not kept with the model.
        name: The model's name.

    Call arguments:
        RGB images, uint8 or float `[B, H, W, 3]`, 0-255, any H and W.

    Returns:
        Logits, float32 `[B, H, W, classes]`.

    Raises:
        ValueError: If an argument is unknown or not possible; the message lists what is.

    Example:
        >>> model = DeepLabV3Plus("mobilenet_v2", labels="camvid")
        >>> model(tf.zeros((1, 97, 129, 3))).shape
        TensorShape([1, 97, 129, 11])
    """

    def __init__(
        self,
        backbone: str = "xception_65",
        classes: int | None = None,
        *,
        output_stride: int = 16,
        atrous_rates: Sequence[int] | None = None,
        labels=None,
        input_shape: Sequence[int | None] = (None, None, 3),
        depth_multiplier: float | None = None,
        divisible_by: int | None = None,
        multi_grid: Sequence[int] | None = None,
        dense_prediction_cell: str | Sequence[Mapping] | None = None,
        image_pooling: bool = True,
        separable: bool = True,
        filters: int = 256,
        dropout: float = 0.1,
        decoder_strides: Sequence[int] = (4,),
        decoder_filters: int = 256,
        decoder_separable: bool | None = None,
        decoder_merge: str = "concat",
        decoder_logits: bool = False,
        crop_size: int | Sequence[int] | None = None,
        image_size: int | Sequence[int] | None = None,
        frozen_batch_norm: bool = False,
        upsample_logits: bool = True,
        weights: str | os.PathLike | None = None,
        name: str | None = None,
    ):
        settings = own_arguments(locals())

        if decoder_logits and not decoder_strides:
            raise ValueError(
                "decoder_logits needs a decoder, which gives them; received decoder_strides=(). Give strides, "
                "for instance (4,), or leave decoder_logits out."
            )

        def head(features):
            return decoder(
                encoder_head(features.last, settings),
                features.taps,
                decoder_strides,
                norm=head_norm(frozen_batch_norm),
                filters=resolve_labels(classes, labels).classes if decoder_logits else decoder_filters,
                separable=separable if decoder_separable is None else decoder_separable,
                merge=decoder_merge,
                gives_logits=decoder_logits,
            )

        super().__init__(settings, head, name=name, head_gives_logits=decoder_logits)
