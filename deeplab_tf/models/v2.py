"""DeepLabv2 (arXiv 1606.00915)."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import keras
from typing_extensions import Unpack

from deeplab_tf.backbones import Features
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import expect
from deeplab_tf.heads import CLASSIFIER, FULLY_CONNECTED, classifier, vgg_head
from deeplab_tf.layers import ImageScale, ResizeLike
from deeplab_tf.models.arguments import own_arguments
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.shared_settings import ModelSettings

RATES = (6, 12, 18, 24)
SCALES = (0.5, 0.75)
FUSED = "fused"
FUSION = f"logits.{FUSED}"
# DeepLabv2 has its own form of these networks. Models have always been saved under its name.
OWN_FORMS = {f"resnet_{depth}": f"resnet_{depth}_v2" for depth in (18, 50, 101)}


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DeepLabV2(SegmentationModel):
    """DeepLabv2 (arXiv 1606.00915): dilated classifiers side by side, summed, the first form of ASPP (section 3.2).

    Each branch of a ResNet is one 3x3 convolution to the classes; of VGG-16 it is the fully connected layers fc6 (3x3,
    dilated), fc7 and fc8. A single rate of 12 is the paper's LargeFOV.

    Args:
        backbone: `"resnet_101_v2"`, DeepLabv2's own form of it, or another name in the table of backbones.
        classes: Number of classes, which stay unnamed; that of `labels`, or 21, when left out.
        output_stride: Input size over size of the logits before they are upsampled: 8, 16 or 32.
        atrous_rates: Rates of the branches. ASPP-L is 6, 12, 18, 24, also when None; ASPP-S is 2, 4, 8, 12.
        multi_scale: Look at the image at 0.5, 0.75 and 1 times its size with the same weights and keep the maximum.
        dropout: Fraction dropped after fc6 and fc7 of VGG-16, in training.
        frozen_batch_norm: Train with fixed batch statistics, and with fixed scale and shift in the ResNets, as in the
            paper; for a start from random weights, False.
        **settings: The shared arguments, see `ModelSettings`.

    Returns:
        Logits, float32 `[B, H, W, classes]`; with `multi_scale`, the maximum over the scales, in training too. The
        single scales' logits, for the loss, come from `by_scale`.

    Example:
        >>> large_fov = DeepLabV2(atrous_rates=(12,))
        >>> large_fov(tf.zeros((1, 97, 129, 3))).shape
        TensorShape([1, 97, 129, 21])
    """

    def __init__(
        self,
        backbone: str = "resnet_101_v2",
        classes: int | None = None,
        *,
        output_stride: int = 8,
        atrous_rates: Sequence[int] | None = RATES,
        multi_scale: bool = False,
        dropout: float = 0.5,
        frozen_batch_norm: bool = True,
        **settings: Unpack[ModelSettings],
    ):
        arguments = own_arguments(DeepLabV2, locals())
        if backbone in OWN_FORMS:
            raise ValueError(
                f"DeepLabV2 is built on a {backbone} of its own, another network than DeepLabV3's; received "
                f"backbone={backbone!r}. Take {OWN_FORMS[backbone]!r}."
            )
        arguments["atrous_rates"] = rates = list(RATES if atrous_rates is None else atrous_rates)
        remedy = f"Try {RATES}, or (12,) for LargeFOV."
        expect(bool(rates), "atrous_rates", atrous_rates, "one or more whole numbers above 0", remedy)
        super().__init__(arguments)

    def network(self, images: keras.KerasTensor, settings: SimpleNamespace) -> keras.KerasTensor:
        """As of every model, with `multi_scale` the maximum over the scales of the images."""
        logits = super().network(images, settings)
        return _over_scales(images, logits) if settings.multi_scale else logits

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """A classifier for each rate, summed."""
        rates, classes = settings.atrous_rates, settings.classes
        names = [f"{CLASSIFIER}_{index}" if index else CLASSIFIER for index in range(len(rates))]
        if settings.backbone == "vgg_16":
            width = Width(settings.depth_multiplier or 1.0, divisor=None)(FULLY_CONNECTED)
            # The released network of one field of view averages first, that of four does not.
            single = len(rates) == 1
            maps = vgg_head(features.last, rates, filters=width, dropout=settings.dropout, average_pool=single)
            branches = [classifier(x, classes, name=name) for x, name in zip(maps, names)]
        else:
            branches = [
                classifier(features.last, classes, kernel_size=3, rate=rate, name=name)
                for rate, name in zip(rates, names)
            ]
        return keras.layers.Add(dtype="float32", name="logits.sum")(branches) if len(branches) > 1 else branches[0]

    @property
    def _by_scale(self) -> dict:
        """The logits of the single scales, by name; none where there is one scale."""
        fusions = [layer for layer in self.layers if layer.name == FUSION]
        names = [f"scale_{scale}" for scale in (*SCALES, 1)]
        return dict(zip(names, fusions[0].input)) if fusions else {}

    def for_training(self) -> keras.Model:
        """`by_scale()` where there are several scales: the paper's loss sums over them and their maximum."""
        return self.by_scale() if self._by_scale else super().for_training()

    def by_scale(self) -> keras.Model:
        """A model of the same layers that gives the single scales' logits beside their maximum, for the loss.

        The paper sums the losses of all of them. Training it trains this model.

        Returns:
            A model from images to a dictionary of logits, float32 and each of the size of this model's: `scale_0.5`,
            `scale_0.75`, `scale_1`, `fused`.

        Raises:
            ValueError: If the model has one scale only.

        Example:
            >>> trainer = DeepLabV2(multi_scale=True).by_scale()
            >>> trainer.compile("sgd", {name: loss for name in trainer.output})
            >>> trainer.fit(batches.map(lambda images, labels: (images, {name: labels for name in trainer.output})))
        """
        if not self._by_scale:
            raise ValueError("This model looks at one scale; build it, or rebuild it, with multi_scale=True.")
        outputs = self._by_scale
        if self.settings["upsample_logits"]:
            images = self.inputs[0]
            outputs = {
                name: ResizeLike(dtype="float32", name=f"{name}.resize")([logits, images])
                for name, logits in outputs.items()
            }
        return keras.Model(self.inputs[0], {**outputs, FUSED: self.outputs[0]})


def _over_scales(images: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """The maximum of logits and of those that the same layers give of the images at other scales."""
    network, by_scale = keras.Model(images, logits), []
    for scale in SCALES:
        # `call` runs the very layers once more; calling the model would nest it as one layer.
        smaller = network.call(ImageScale(scale, dtype="float32", name=f"image.scale_{scale}")(images))
        by_scale.append(ResizeLike(dtype="float32", name=f"logits.scale_{scale}")([smaller, logits]))
    return keras.layers.Maximum(dtype="float32", name=FUSION)([*by_scale, logits])
