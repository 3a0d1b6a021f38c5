"""DeepLabv1 (arXiv 1412.7062)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import keras

from deeplab_tf.backbones.vgg import OUTPUT_STRIDE, scaled
from deeplab_tf.checks import one_of
from deeplab_tf.heads import join_scales, vgg_head
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel

MSC_FILTERS = 128
MSC_POOLS = 4


@dataclasses.dataclass(frozen=True)
class Variant:
    """How a variant turns VGG's fully connected layers into convolutions.

    Args:
        kernel_size: Side of fc6's kernel.
        rate: Its atrous rate.
        filters: Channels of fc6 and fc7.
        average_pool: A 3x3 average before fc6.
    """

    kernel_size: int
    rate: int
    filters: int
    average_pool: bool = False


VARIANTS = {
    "7x7": Variant(7, 4, 4096),
    "4x4": Variant(4, 8, 4096),
    "large_fov": Variant(3, 12, 1024, average_pool=True),
}
# What the base class reads and this model has not as arguments.
FIXED = {"backbone": "vgg_16"}


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV1(SegmentationModel):
    """VGG-16 with atrous convolution, its fully connected layers as convolutions, at output stride 8.

    Args:
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        variant: How fc6 is made: `"large_fov"` (3x3, 1024 channels), `"7x7"` or `"4x4"` (4096 channels).
        atrous_rate: Rate of fc6. None takes the variant's: 12, 4 and 8; with `"4x4"`, 4 gives the paper's first
            network, of a smaller field of view.
        msc: The multi-scale head: features of the image and of the first four poolings join the last map.
        output_stride: 8, the only one.
        labels: `LabelSpec`, its dictionary, or the name of a known data set; travels with the model.
        input_shape: `(H, W, channels)`; H and W may be None.
        depth_multiplier: Width of all layers; 1 when left out.
        dropout: Share dropped after fc6 and after fc7, in training.
        crop_size: Side, or (height, width), of the canvas to which smaller images are padded for prediction.
        image_size: Side, or (height, width), of the images that the network is made for; larger ones are scaled to fit
            it for prediction. None predicts all at their own size.
        frozen_batch_norm: Without effect, for the sake of the common interface: there is no normalisation.
        upsample_logits: Bring the logits to input size; else they stand at stride 8.
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
        >>> DeepLabV1(variant="large_fov").count_params()
        20505429
    """

    def __init__(
        self,
        classes: int | None = None,
        variant: str = "large_fov",
        *,
        atrous_rate: int | None = None,
        msc: bool = False,
        output_stride: int = OUTPUT_STRIDE,
        labels=None,
        input_shape: Sequence[int | None] = (None, None, 3),
        depth_multiplier: float | None = None,
        dropout: float = 0.5,
        crop_size: int | Sequence[int] | None = None,
        image_size: int | Sequence[int] | None = None,
        frozen_batch_norm: bool = False,
        upsample_logits: bool = True,
        weights: str | os.PathLike | None = None,
        name: str | None = None,
    ):
        settings = own_arguments(locals())
        shape = VARIANTS[one_of("variant", variant, VARIANTS)]
        width = 1.0 if depth_multiplier is None else depth_multiplier

        def head(features):
            (x,) = vgg_head(
                features.last,
                [shape.rate if atrous_rate is None else atrous_rate],
                kernel_size=shape.kernel_size,
                filters=scaled(shape.filters, width),
                dropout=dropout,
                average_pool=shape.average_pool,
            )
            scales = (features.images, *features.pools[:MSC_POOLS])
            return join_scales(x, scales, scaled(MSC_FILTERS, width)) if msc else x

        super().__init__({**settings, **FIXED}, head, name=name)
