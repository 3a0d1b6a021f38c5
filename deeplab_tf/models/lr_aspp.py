"""MobileNetV3 with Lite reduced ASPP (arXiv 1905.02244, section 6.4), as the original release trained it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import keras

from deeplab_tf.heads import lr_aspp
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel, resolve_labels


@keras.saving.register_keras_serializable(package="deeplab_tf")
class LRASPP(SegmentationModel):
    """A light head: a 1x1 branch gated by pooled context, and a low-level tap, each with its own classifier.

    The pooling window measures 769 pixels and moves by 128 x 160, as in the release; a smaller map is pooled as a
    whole. There is no separate logits layer: `decoder.decoder_conv0` and `decoder.feature_projection0` sum to the
    logits.

    Args:
        backbone: Name of the feature extractor; one with decoder taps.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        output_stride: Input size over size of the backbone's last map: 8, 16 or 32.
        labels: `LabelSpec`, its dictionary, or the name of a known data set; travels with the model.
        input_shape: `(H, W, channels)`; H and W may be None.
        depth_multiplier: Width of the backbone, where it has one.
        divisible_by: What MobileNetV2's channels are made multiples of; 8 for the widths of `keras.applications`.
        filters: Channels of the 1x1 branch.
        decoder_stride: Stride of the low-level tap.
        crop_size: Side, or (height, width), of the canvas to which smaller images are padded for prediction.
        image_size: Side, or (height, width), of the images that the network is made for; larger ones are scaled to fit
            it for prediction. None predicts all at their own size.
        frozen_batch_norm: Train with fixed batch statistics; scale and shift still train.
        upsample_logits: Bring the logits to input size; else they stand at the decoder stride.
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
        >>> model = LRASPP("mobilenet_v3_small", labels="cityscapes", crop_size=(1025, 2049))
        >>> model(tf.zeros((1, 129, 257, 3))).shape
        TensorShape([1, 129, 257, 19])
    """

    def __init__(
        self,
        backbone: str = "mobilenet_v3_large",
        classes: int | None = None,
        *,
        output_stride: int = 32,
        labels=None,
        input_shape: Sequence[int | None] = (None, None, 3),
        depth_multiplier: float | None = None,
        divisible_by: int | None = None,
        filters: int = 128,
        decoder_stride: int = 8,
        crop_size: int | Sequence[int] | None = None,
        image_size: int | Sequence[int] | None = None,
        frozen_batch_norm: bool = False,
        upsample_logits: bool = True,
        weights: str | os.PathLike | None = None,
        name: str | None = None,
    ):
        settings = own_arguments(locals())

        def head(features):
            if decoder_stride not in features.taps:
                raise ValueError(
                    f"The backbone {backbone!r} has no decoder features at stride {decoder_stride}; "
                    f"it has them at {sorted(features.taps) or 'none'}. Choose one of these or another backbone."
                )
            return lr_aspp(
                features.last,
                features.taps[decoder_stride],
                resolve_labels(classes, labels).classes,
                output_stride=output_stride,
                norm=head_norm(frozen_batch_norm),
                filters=filters,
            )

        super().__init__(settings, head, name=name, head_gives_logits=True)
