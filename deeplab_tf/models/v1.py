"""DeepLabv1 (arXiv 1412.7062)."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones.vgg import OUTPUT_STRIDE, VGGFeatures
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import one_of
from deeplab_tf.heads import classifier, join_scales, vgg_head
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import NormalizedSettings

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
# What the base class reads and this model does not have as arguments.
FIXED = {"backbone": "vgg_16"}


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV1(SegmentationModel):
    """DeepLabv1 (arXiv 1412.7062): VGG-16 with atrous convolution, its fully connected layers as convolutions.

    The output stride is 8 (section 3.1); `"4x4"` and `"large_fov"` have a smaller fc6 (section 3.2). There is
    no normalisation, so `frozen_batch_norm` is without effect. `depth_multiplier` scales all layers.

    Args:
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        variant: How fc6 is made: `"large_fov"` (3x3, 1024 channels), `"7x7"` or `"4x4"` (4096 channels).
        atrous_rate: Rate of fc6. None takes the variant's: 12, 4 and 8; with `"4x4"`, 4 gives the paper's first
            network, of a smaller field of view.
        msc: The multi-scale head (section 4.3): features of the image and of the first four poolings join the last map.
        output_stride: 8, the only one.
        dropout: Fraction dropped after fc6 and after fc7, in training.
        **settings: The shared arguments, see `NormalizedSettings`.

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
        dropout: float = 0.5,
        **settings: Unpack[NormalizedSettings],
    ):
        arguments = own_arguments(DeepLabV1, locals())
        one_of("variant", variant, VARIANTS)
        super().__init__({**arguments, **FIXED})

    def head(self, features: VGGFeatures, settings: SimpleNamespace) -> keras.KerasTensor:
        """The classifier on fc7, and with `msc` on the features of several poolings beside it."""
        variant, rate = VARIANTS[settings.variant], settings.atrous_rate
        scaled = Width(settings.depth_multiplier or 1.0, divisor=None)
        (x,) = vgg_head(
            features.last,
            [variant.rate if rate is None else rate],
            kernel_size=variant.kernel_size,
            filters=scaled(variant.filters),
            dropout=settings.dropout,
            average_pool=variant.average_pool,
        )
        if settings.msc:
            x = join_scales(x, (features.images, *features.pools[:MSC_POOLS]), scaled(MSC_FILTERS))
        return classifier(x, settings.classes)
