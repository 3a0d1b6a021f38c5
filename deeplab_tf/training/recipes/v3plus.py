"""DeepLabv3+ (arXiv 1802.02611)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import RELEASE, configured, with_coco
from deeplab_tf.training.recipes.v3 import AFTER_COCO

XCEPTION = {
    "model": "v3plus",
    "backbone": "xception_65",
    "output_stride": 16,
    "atrous_rates": (6, 12, 18),
    "network": {"decoder_strides": [4]},
    "weights": "imagenet",
    "batch_size": 16,
    "learning_rate": 0.007,
    "power": 0.9,
    **RELEASE,
    "weight_decay": 4e-5,
}


def v3plus_voc(*, coco: str | None = None, **given: Any) -> TrainConfig | list[TrainConfig]:
    """DeepLabv3+ on PASCAL VOC: Xception-65 with the decoder; COCO first where its folder is given.

    Published: the protocol of v3's first stage, 30000 steps at learning rate 0.007, crops of 513 (paper and release);
    weight decay 0.00004, batch 12 and more, better 16 (release). Table 5: mIoU 79.79 on val at stride 16, 81.39 at
    stride 8 with scales and mirror images; with COCO 82.20 and 83.58. After COCO the learning rate begins at 0.0001.

    Command:
      deeplab-tf train --recipe v3plus_voc --data voc --output runs/v3plus
      deeplab-tf train --recipe v3plus_voc --set-recipe coco=coco-voc --data voc --output runs/v3plus-coco
      deeplab-tf evaluate runs/v3plus --data voc --output-stride 8 --scales 0.5,0.75,1,1.25,1.5,1.75 --flip

    Time and result: not measured yet.
    """
    published = {**XCEPTION, "train_split": "train_aug", "crop_size": 513, "steps": 30_000}
    return configured(given, **published) if coco is None else with_coco(given, coco, AFTER_COCO, published)


def v3plus_cityscapes(**given: Any) -> TrainConfig:
    """DeepLabv3+ on Cityscapes: Xception-65 with the decoder.

    Published: 90000 steps, crops of 769, batch 8 and more, statistics trained (release; 16 is ours); the learning rate
    is not stated, 0.007 is that of PASCAL VOC. Table 7: mIoU 78.79 on val, whole images at stride 16; without image
    pooling 79.14; Xception-71 without it 79.55 (--backbone xception_71 --set image_pooling=false).

    The release's commands keep all pixels. It also has hard pixel mining for rare classes, whose numbers it does not
    publish: --loss hard_pixels --set-loss keep=0.25 --set-loss ramp_steps=45000

    Command:
      deeplab-tf train --recipe v3plus_cityscapes --data cityscapes --output runs/cityscapes

    Time and result: not measured yet.
    """
    return configured(given, **XCEPTION, crop_size=769, steps=90_000)


def v3plus_ade20k(**given: Any) -> TrainConfig:
    """DeepLabv3+ on ADE20K: Xception-65 with the decoder, images of at most 513 pixels a side.

    Published: 150000 steps, crops of 513, images resized to 513, batch above 12 where statistics are trained (release;
    16 is ours); the learning rate is not stated, 0.007 is that of PASCAL VOC. The release's model has mIoU 45.65 and
    pixel accuracy 82.52 on val, at stride 8 with scales and mirror images.

    Not as published: images smaller than 513 are not enlarged.

    The release's commands keep all pixels. It also has hard pixel mining for rare classes, whose numbers it does not
    publish: --loss hard_pixels --set-loss keep=0.25 --set-loss ramp_steps=75000

    Command:
      deeplab-tf train --recipe v3plus_ade20k --data ade20k --output runs/ade20k

    Time and result: not measured yet.
    """
    return configured(given, **XCEPTION, crop_size=513, max_side=513, steps=150_000)
