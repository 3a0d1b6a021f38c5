"""DeepLabv3+ (arXiv 1802.02611)."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones import Features
from deeplab_tf.heads import classifier, decoder
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import EncoderSettings
from deeplab_tf.models.v3 import encoder


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV3Plus(SegmentationModel):
    """DeepLabv3+ (arXiv 1802.02611): DeepLabv3 as encoder, and a decoder that reads low-level features (section 3.1).

    Args:
        backbone: Name of the feature extractor.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        separable: Separable convolutions in ASPP and decoder.
        decoder_strides: Strides of the decoder's stages, descending.
        decoder_filters: Channels of the decoder.
        decoder_separable: Separable convolutions in the decoder; None takes `separable`.
        decoder_merge: `"concat"`, the paper's, or `"sum"`: one convolution on the encoder's map, and the low-level
            features added.
        decoder_logits: The decoder gives the logits, by plain 1x1 convolutions without normalisation; there is no
            classifier behind it, and `decoder_filters` has no effect.
        **settings: The shared arguments, see `EncoderSettings`.

    Example:
        >>> DeepLabV3Plus("mobilenet_v2", labels="camvid")(tf.zeros((1, 97, 129, 3))).shape
        TensorShape([1, 97, 129, 11])
    """

    def __init__(
        self,
        backbone: str = "xception_65",
        classes: int | None = None,
        *,
        separable: bool = True,
        decoder_strides: Sequence[int] = (4,),
        decoder_filters: int = 256,
        decoder_separable: bool | None = None,
        decoder_merge: str = "concat",
        decoder_logits: bool = False,
        **settings: Unpack[EncoderSettings],
    ):
        arguments = own_arguments(DeepLabV3Plus, locals())
        if decoder_logits and not decoder_strides:
            raise ValueError(
                "decoder_logits needs a decoder, which gives them; received decoder_strides=(). Give strides, "
                "for instance (4,), or leave decoder_logits out."
            )
        super().__init__(arguments)

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """The decoder on the encoder's map, and the classifier, unless the decoder gives the logits."""
        x = decoder(
            encoder(features, settings),
            features.taps,
            settings.decoder_strides,
            norm=head_norm(settings.frozen_batch_norm),
            filters=settings.classes if settings.decoder_logits else settings.decoder_filters,
            separable=settings.separable if settings.decoder_separable is None else settings.decoder_separable,
            merge=settings.decoder_merge,
            gives_logits=settings.decoder_logits,
        )
        return x if settings.decoder_logits else classifier(x, settings.classes)
