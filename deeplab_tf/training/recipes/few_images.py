"""Our own, for some ten to some hundred images."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import configured

_RELEASED = "mobilenetv2_coco_voc_trainaug"
_SHARED = {
    "model": "v3plus",
    "batch_size": 8,
    "color_jitter": 0.3,
    "sampling": "class_balanced",
}
# A new head at the rate that suits it, beside a backbone that knows much: half the steps of SGD at 0.02.
_FASTER_HEAD = {
    "optimizer": "adamw",
    "optimizer_settings": {"multipliers": {"head": 10}},
    "learning_rate": 3e-4,
    "weight_decay": 0.01,
}


def few_images_cpu(**given: Any) -> TrainConfig:
    """Some ten to some hundred images of one's own, on a CPU: MobileNetV2 with the decoder, from a released model.

    The released MobileNetV2 that saw COCO and PASCAL VOC, with DeepLabv3+'s decoder, crops of 321, colours varied, and
    images of rare classes drawn more often; AdamW, the head at ten times the backbone's rate. Without network give the
    file: --weights FILE.tflite.

    Command:
      deeplab-tf train --recipe few_images_cpu --data photos --masks masks --output runs/mine
      deeplab-tf train --recipe few_images_cpu --data records --max-side 640 --steps 600 --output runs/mine

    Time and result: they depend on the images. 41 of CamVid in four classes, 200 steps: 4 min 18 s on two cores, mean
    IoU 0.817 on 101 others.
    """
    return configured(
        given,
        **_SHARED,
        backbone="mobilenet_v2",
        atrous_rates=(),
        weights=_RELEASED,
        crop_size=321,
        steps=1200,
        **_FASTER_HEAD,
    )


def camvid_cpu(**given: Any) -> TrainConfig:
    """CamVid's 11 classes at 480x360 on a CPU: MobileNetV2 with the decoder, from a released model, by AdamW.

    The head learns at ten times the rate of the backbone, which on the same batches comes to the loss of SGD at 0.02 in
    half the steps. Rare classes weigh more, mildly; scales begin at 0.75, as smaller images would not fill the crop.

    Command:
      deeplab-tf train --recipe camvid_cpu --weights released.tflite --data camvid --output runs/camvid

    Time and result: val mIoU 0.716 after 84 minutes of processor time on two cores, 0.669 after 750 steps;
    docs/results.md has the curve.
    """
    return configured(
        given,
        model="v3plus",
        backbone="mobilenet_v2",
        atrous_rates=(),
        weights=_RELEASED,
        crop_size=(257, 321),
        batch_size=8,
        min_scale=0.75,
        color_jitter=0.3,
        class_weights="root_median_frequency",
        steps=2400,
        eval_every=150,
        **_FASTER_HEAD,
    )


def few_images_gpu(**given: Any) -> TrainConfig:
    """Some ten to some hundred images of one's own, on one GPU: Xception-65 with the decoder, from a released model.

    The released DeepLabv3+ that saw COCO and PASCAL VOC, crops of 513, 16 bits, colours varied, and images of rare
    classes drawn more often.

    Command:
      deeplab-tf train --recipe few_images_gpu --data photos --masks masks --output runs/mine
      deeplab-tf train --recipe few_images_gpu --data photos --masks masks --batch-size 4 --output runs/mine

    Time and result: not measured yet.
    """
    return configured(
        given,
        **_SHARED,
        backbone="xception_65",
        atrous_rates=(6, 12, 18),
        weights="xception65_coco_voc_trainaug",
        crop_size=513,
        steps=3000,
        learning_rate=0.007,
        momentum=0.9,
        weight_decay=4e-5,
        mixed_precision=True,
    )
