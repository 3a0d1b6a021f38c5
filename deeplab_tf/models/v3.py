"""DeepLabv3 (arXiv 1706.05587)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.heads import encoder_head
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV3(SegmentationModel):
    """A backbone with atrous convolution and an ASPP (section 3.3), or further blocks in its place (section 3.2).

    Args:
        backbone: Name of the feature extractor.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        output_stride: Input size over size of the last map: 8, 16 or 32.
        atrous_rates: Rates of the ASPP branches. None takes 6, 12, 18 at output stride 16, doubled at 8, halved
            at 32; `()` is the release's "no ASPP" head of its MobileNetV2 models.
        labels: `LabelSpec`, its dictionary, or the name of a known data set; travels with the model.
        input_shape: `(H, W, channels)`; H and W may be None.
        depth_multiplier: Width of the backbone, where it has one.
        divisible_by: What MobileNetV2's channels are made multiples of; 8 for the widths of `keras.applications`.
        multi_grid: Relative rates of the units in the backbone's last block, where it has them, such as (1, 2, 4).
        cascade_blocks: None has the ASPP, the paper's parallel form. 0 to 3, for ResNets, is its cascaded form: that
            many copies of the backbone's last block, of rising rates, and the classifier right after them.
        dense_prediction_cell: The searched head in place of the ASPP: `"cityscapes"`, or a list of branches as
            `deeplab_tf.heads.dense_prediction_cell` takes them. It has separable convolutions of its own.
        image_pooling: The ASPP has its image-level branch.
        separable: Separable convolutions in the ASPP.
        filters: Channels of the ASPP.
        dropout: Share dropped after the projection, in training.
        crop_size: Side, or (height, width), of the canvas to which smaller images are padded for prediction:
            the size that the network was trained on.
        image_size: Side, or (height, width), of the images that the network is made for; larger ones are scaled to fit
            it for prediction. None predicts all at their own size.
        frozen_batch_norm: Train with fixed batch statistics; scale and shift still train.
        upsample_logits: Bring the logits to input size; else they stand at the output stride.
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
        >>> model = DeepLabV3("mobilenet_v2", classes=21, atrous_rates=())
        >>> model(tf.zeros((1, 129, 161, 3))).shape
        TensorShape([1, 129, 161, 21])
    """

    def __init__(
        self,
        backbone: str = "resnet_101_beta",
        classes: int | None = None,
        *,
        output_stride: int = 16,
        atrous_rates: Sequence[int] | None = None,
        labels=None,
        input_shape: Sequence[int | None] = (None, None, 3),
        depth_multiplier: float | None = None,
        divisible_by: int | None = None,
        multi_grid: Sequence[int] | None = None,
        cascade_blocks: int | None = None,
        dense_prediction_cell: str | Sequence[Mapping] | None = None,
        image_pooling: bool = True,
        separable: bool = False,
        filters: int = 256,
        dropout: float = 0.1,
        crop_size: int | Sequence[int] | None = None,
        image_size: int | Sequence[int] | None = None,
        frozen_batch_norm: bool = False,
        upsample_logits: bool = True,
        weights: str | os.PathLike | None = None,
        name: str | None = None,
    ):
        settings = own_arguments(locals())
        if cascade_blocks is not None and atrous_rates is not None:
            raise ValueError(
                f"The cascaded form has no ASPP, so atrous_rates={tuple(atrous_rates)} has nothing to act on beside "
                f"cascade_blocks={cascade_blocks}. Leave one of the two out."
            )
        if cascade_blocks is not None and not image_pooling:
            raise ValueError(
                f"The cascaded form has no ASPP, so image_pooling=False has nothing to act on beside "
                f"cascade_blocks={cascade_blocks}. Leave one of the two out."
            )
        if cascade_blocks is not None and dense_prediction_cell is not None:
            raise ValueError(
                f"The cascaded form has no place for a dense prediction cell; received cascade_blocks={cascade_blocks} "
                "and dense_prediction_cell. Leave one of the two out."
            )

        def head(features):
            return features.last if cascade_blocks is not None else encoder_head(features.last, settings)

        super().__init__(settings, head, name=name)
