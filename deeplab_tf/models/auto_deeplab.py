"""Auto-DeepLab (arXiv 1901.02985): the searched network, retrained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones import Features
from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.backbones.genotype import genotype as resolve_genotype
from deeplab_tf.backbones.nas import BASE_FILTERS
from deeplab_tf.heads import aspp, classifier, decoder, default_atrous_rates
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import NormalizedSettings


@keras.saving.register_keras_serializable(package="deeplab_tf")
class AutoDeepLab(SegmentationModel):
    """Auto-DeepLab (arXiv 1901.02985): the network of a genotype, ASPP, and the v3+ decoder, with plain convolutions.

    Args:
        genotype: `"auto_deeplab"`, the published one; `"deeplabv3_like"`, `"conv_deconv"`, `"stacked_hourglass"`, its
            cells along the paths of earlier designs; another as a `Genotype`, its dictionary or a `.json` file.
        base_filters: Channels of a cell's states at stride 4; published are 20, 32 and 48 (S, M, L).
        classes: Number of classes, which stay unnamed; that of `labels`, or 19, when left out.
        output_stride: That at which the genotype's path ends; None takes it.
        atrous_rates: Rates of the ASPP branches; None follows the output stride, `()` leaves them out.
        separable: Separable convolutions in ASPP and decoder.
        drop_path_keep: Fraction of an image's paths that the last cell keeps in training; cell c of n keeps
            1 - (c + 1) / n (1 - drop_path_keep).
        drop_path_steps: Training steps over which the fractions dropped rise from 0 to that, as the release trains;
            None drops them from the start.
        filters: Channels of ASPP and decoder.
        dropout: Fraction dropped after the ASPP's projection, in training.
        decoder_strides: Strides of the decoder's stages, descending.
        **settings: The shared arguments, see `NormalizedSettings`.

    Example:
        >>> AutoDeepLab(base_filters=20, classes=19)(tf.zeros((1, 129, 161, 3))).shape
        TensorShape([1, 129, 161, 19])
    """

    def __init__(
        self,
        genotype: Genotype | Mapping | str | os.PathLike = "auto_deeplab",
        base_filters: int = BASE_FILTERS,
        *,
        classes: int | None = None,
        output_stride: int | None = None,
        atrous_rates: Sequence[int] | None = None,
        separable: bool = False,
        drop_path_keep: float = 1.0,
        drop_path_steps: int | None = None,
        filters: int = 256,
        dropout: float = 0.1,
        decoder_strides: Sequence[int] = (4,),
        **settings: Unpack[NormalizedSettings],
    ):
        arguments = own_arguments(AutoDeepLab, locals())
        genes = resolve_genotype(genotype)
        arguments |= {
            "genotype": genes.to_dict(),
            "classes": 19 if classes is None and arguments["labels"] is None else classes,
            "output_stride": genes.stride if output_stride is None else output_stride,
            "backbone": "hnasnet",
        }
        super().__init__(arguments)

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """The classifier on the decoder, and that on the ASPP."""
        rates = settings.atrous_rates
        rates = default_atrous_rates(settings.output_stride) if rates is None else rates
        same = {
            "norm": head_norm(settings.frozen_batch_norm),
            "filters": settings.filters,
            "separable": settings.separable,
        }
        x = aspp(features.last, rates, dropout=settings.dropout, **same)
        x = decoder(x, features.taps, settings.decoder_strides, **same)
        return classifier(x, settings.classes)

    @classmethod
    def renamed(cls, settings: dict) -> dict:
        """Settings of earlier versions, whose `filters` was the network's width and `head_filters` that of the head."""
        if "head_filters" not in settings:
            return settings
        others = {name: value for name, value in settings.items() if name != "head_filters"}
        base = settings.get("filters", BASE_FILTERS)
        return {**others, "base_filters": base, "filters": settings["head_filters"]}
