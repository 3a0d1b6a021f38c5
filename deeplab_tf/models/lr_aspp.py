"""MobileNetV3 with Lite reduced ASPP (arXiv 1905.02244, section 6.4), as the original release trained it."""

from __future__ import annotations

from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones import Features
from deeplab_tf.heads import lr_aspp
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import NormalizedSettings


@keras.saving.register_keras_serializable(package="deeplab_tf")
class LRASPP(SegmentationModel):
    """Lite R-ASPP (arXiv 1905.02244, section 6.4): a 1x1 branch gated by pooled context, and a low-level tap.

    Each has its own classifier. The pooling window measures 769 pixels and moves by 128 x 160, as in the release; a
    smaller map is pooled as a whole. There is no separate logits layer: `decoder.decoder_conv0` and
    `decoder.feature_projection0` sum to the logits.

    Args:
        backbone: Name of the feature extractor; one with decoder taps.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        output_stride: Input size over size of the backbone's last map: 8, 16 or 32.
        divisible_by: What MobileNetV2's channels are made multiples of; 8 for the widths of `keras.applications`.
        filters: Channels of the 1x1 branch.
        decoder_stride: Stride of the low-level tap.
        **settings: The shared arguments, see `NormalizedSettings`.

    Example:
        >>> LRASPP("mobilenet_v3_small", labels="cityscapes", crop_size=(1025, 2049)).labels.names[:2]
        ('road', 'sidewalk')
    """

    def __init__(
        self,
        backbone: str = "mobilenet_v3_large",
        classes: int | None = None,
        *,
        output_stride: int = 32,
        divisible_by: int | None = None,
        filters: int = 128,
        decoder_stride: int = 8,
        **settings: Unpack[NormalizedSettings],
    ):
        super().__init__(own_arguments(LRASPP, locals()))

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """The sum of both branches' classifiers, at the stride of the tap."""
        stride = settings.decoder_stride
        if stride not in features.taps:
            raise ValueError(
                f"The backbone {settings.backbone!r} has no decoder features at stride {stride}; "
                f"it has them at {sorted(features.taps) or 'none'}. Choose one of these or another backbone."
            )
        return lr_aspp(
            features.last,
            features.taps[stride],
            settings.classes,
            output_stride=settings.output_stride,
            norm=head_norm(settings.frozen_batch_norm),
            filters=settings.filters,
        )
