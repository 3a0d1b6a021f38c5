"""Networks for phones: MobileNetV2 and MobileNetV3 (arXiv 1801.04381, 1905.02244)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import RELEASE, configured, with_coco
from deeplab_tf.training.recipes.v3 import AFTER_COCO


def mobilenet_v2_voc(*, coco: str | None = None, **given: Any) -> TrainConfig | list[TrainConfig]:
    """DeepLabv3 with MobileNetV2 on PASCAL VOC, without dilated branches; COCO first where its folder is given.

    Published: mIoU 75.32 on val at stride 16 with COCO (table 7 and the release's model), 77.33 at stride 8 with scales
    and mirror images; 70.19 at half the width. The release states crops of 513 and weight decay 0.00004; steps, batch
    and learning rate are v3's first stage.

    Command:
      deeplab-tf train --recipe mobilenet_v2_voc --data voc --output runs/mobile
      deeplab-tf train --recipe mobilenet_v2_voc --set-recipe coco=coco-voc --data voc --output runs/mobile-coco

    Time and result: not measured yet.
    """
    published = {
        "model": "v3",
        "backbone": "mobilenet_v2",
        "output_stride": 16,
        "atrous_rates": (),
        "weights": "imagenet",
        "train_split": "train_aug",
        "crop_size": 513,
        "batch_size": 16,
        "steps": 30_000,
        "learning_rate": 0.007,
        "power": 0.9,
        **RELEASE,
        "weight_decay": 4e-5,
    }
    return configured(given, **published) if coco is None else with_coco(given, coco, AFTER_COCO, published)


def mobilenet_v3_cityscapes(**given: Any) -> TrainConfig:
    """MobileNetV3 with Lite R-ASPP on Cityscapes, from scratch, at stride 32.

    Published: mIoU 72.41 on val for the large network, 68.99 for the small one (--backbone mobilenet_v3_small), whole
    images at stride 32, without ImageNet (the release's models); crops of 769. Steps, batch and learning rate are not
    stated; they are those of `v3plus_cityscapes`.

    Command:
      deeplab-tf train --recipe mobilenet_v3_cityscapes --data cityscapes --output runs/v3-large
      deeplab-tf train --recipe mobilenet_v3_cityscapes --backbone mobilenet_v3_small --data cityscapes --output runs/s

    Time and result: not measured yet.
    """
    return configured(
        given,
        model="lr_aspp",
        backbone="mobilenet_v3_large",
        output_stride=32,
        crop_size=769,
        batch_size=16,
        steps=90_000,
        learning_rate=0.007,
        power=0.9,
        weight_decay=4e-5,
        **RELEASE,
    )
