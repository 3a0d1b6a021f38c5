"""DeepLabv3 (arXiv 1706.05587)."""

from __future__ import annotations

from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones import Features
from deeplab_tf.heads import classifier, encoder_head
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import EncoderSettings


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV3(SegmentationModel):
    """DeepLabv3 (arXiv 1706.05587): atrous convolution and an ASPP (section 3.3), or more blocks instead (section 3.2).

    Args:
        backbone: Name of the feature extractor.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        cascade_blocks: None has the ASPP, the paper's parallel form. 0 to 3, for ResNets, is its cascaded form: that
            many copies of the backbone's last block, of rising rates, and the classifier right after them.
        separable: Separable convolutions in the ASPP.
        **settings: The shared arguments, see `EncoderSettings`.

    Example:
        >>> DeepLabV3("mobilenet_v2", classes=21, atrous_rates=()).output_shape
        (None, None, None, 21)
    """

    def __init__(
        self,
        backbone: str = "resnet_101_beta",
        classes: int | None = None,
        *,
        cascade_blocks: int | None = None,
        separable: bool = False,
        **settings: Unpack[EncoderSettings],
    ):
        arguments = own_arguments(DeepLabV3, locals())
        _check_cascade(arguments)
        super().__init__(arguments)

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """The classifier on the ASPP, or right on the cascade."""
        x = features.last if settings.cascade_blocks is not None else encoder(features, settings)
        return classifier(x, settings.classes)


def encoder(features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
    """The head on a backbone's last map that DeepLabv3+ has in common with DeepLabv3, `[B, h, w, filters]`.

    Args:
        features: The backbone's.
        settings: The model's, those of `EncoderSettings` among them.
    """
    return encoder_head(
        features.last,
        output_stride=settings.output_stride,
        norm=head_norm(settings.frozen_batch_norm),
        atrous_rates=settings.atrous_rates,
        cell=settings.dense_prediction_cell,
        image_pooling=settings.image_pooling,
        separable=settings.separable,
        filters=settings.filters,
        dropout=settings.dropout,
    )


def _check_cascade(arguments: dict) -> None:
    """Refuses arguments of the ASPP where there is none."""
    blocks, rates = arguments["cascade_blocks"], arguments["atrous_rates"]
    if blocks is None:
        return
    both = f"beside cascade_blocks={blocks}. Leave one of the two out."
    if rates is not None:
        raise ValueError(f"The cascaded form has no ASPP, so atrous_rates={tuple(rates)} has nothing to act on {both}")
    if not arguments["image_pooling"]:
        raise ValueError(f"The cascaded form has no ASPP, so image_pooling=False has nothing to act on {both}")
    if arguments["dense_prediction_cell"] is not None:
        raise ValueError(
            f"The cascaded form has no place for a dense prediction cell; received cascade_blocks={blocks} "
            "and dense_prediction_cell. Leave one of the two out."
        )
