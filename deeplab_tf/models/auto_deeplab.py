"""Auto-DeepLab (arXiv 1901.02985): the searched network, retrained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.backbones.genotype import genotype as resolve_genotype
from deeplab_tf.backbones.nas import BASE_FILTERS
from deeplab_tf.heads import aspp, decoder, default_atrous_rates
from deeplab_tf.layers import head_norm
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel


@keras.saving.register_keras_serializable(package="deeplab_tf")
class AutoDeepLab(SegmentationModel):
    """The network of a genotype, ASPP, and the v3+ decoder, all with plain convolutions.

    Args:
        genotype: `"auto_deeplab"`, the published one; another as a `Genotype`, its dictionary or a `.json` file.
        base_filters: Channels of a cell's states at stride 4; published are 20, 32 and 48 (S, M, L).
        classes: Number of classes, which stay unnamed; that of `labels`, or 19, when left out.
        output_stride: That at which the genotype's path ends; None takes it.
        atrous_rates: Rates of the ASPP branches; None follows the output stride, `()` leaves them out.
        labels: `LabelSpec`, its dictionary, or the name of a known data set; travels with the model.
        input_shape: `(H, W, channels)`; H and W may be None.
        separable: Separable convolutions in ASPP and decoder.
        drop_path_keep: Share of an image's paths that the last cell keeps in training; cell c of n keeps
            1 - (c + 1) / n (1 - drop_path_keep).
        drop_path_steps: Training steps over which the shares dropped rise from 0 to that, as the release trains;
            None drops them from the start.
        filters: Channels of ASPP and decoder.
        dropout: Share dropped after the ASPP's projection, in training.
        decoder_strides: Strides of the decoder's stages, descending.
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
        labels=None,
        input_shape: Sequence[int | None] = (None, None, 3),
        separable: bool = False,
        drop_path_keep: float = 1.0,
        drop_path_steps: int | None = None,
        filters: int = 256,
        dropout: float = 0.1,
        decoder_strides: Sequence[int] = (4,),
        crop_size: int | Sequence[int] | None = None,
        image_size: int | Sequence[int] | None = None,
        frozen_batch_norm: bool = False,
        upsample_logits: bool = True,
        weights: str | os.PathLike | None = None,
        name: str | None = None,
    ):
        settings = own_arguments(locals())
        genes = resolve_genotype(genotype)
        stride = genes.stride if output_stride is None else output_stride
        settings |= {
            "genotype": genes.to_dict(),
            "classes": 19 if classes is None and labels is None else classes,
            "output_stride": stride,
            "backbone": "hnasnet",
        }
        norm = head_norm(frozen_batch_norm)

        def head(features):
            x = aspp(
                features.last,
                default_atrous_rates(stride) if atrous_rates is None else atrous_rates,
                norm=norm,
                filters=filters,
                separable=separable,
                dropout=dropout,
            )
            return decoder(x, features.taps, decoder_strides, norm=norm, filters=filters, separable=separable)

        super().__init__(settings, head, name=name)

    @classmethod
    def renamed(cls, settings: dict) -> dict:
        """Settings of before, whose `filters` was the network's width and `head_filters` that of the head."""
        if "head_filters" not in settings:
            return settings
        others = {name: value for name, value in settings.items() if name != "head_filters"}
        base = settings.get("filters", BASE_FILTERS)
        return {**others, "base_filters": base, "filters": settings["head_filters"]}
