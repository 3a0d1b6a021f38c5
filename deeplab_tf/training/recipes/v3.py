"""DeepLabv3 (arXiv 1706.05587)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import RELEASE, configured, staged, with_coco

_NETWORK = {
    "model": "v3",
    "backbone": "resnet_101_beta",
    "network": {"multi_grid": [1, 2, 4]},
    "crop_size": 513,
    "steps": 30_000,
    "power": 0.9,
    **RELEASE,
    "weight_decay": 1e-4,
}
# Of the first stage, where COCO came before it (section 4.4).
AFTER_COCO = 1e-4
STAGE_1 = {
    **_NETWORK,
    "output_stride": 16,
    "atrous_rates": (6, 12, 18),
    "weights": "imagenet",
    "train_split": "train_aug",
    "batch_size": 16,
    "learning_rate": 0.007,
}
STAGE_2 = {
    **_NETWORK,
    "output_stride": 8,
    "atrous_rates": (12, 24, 36),
    "batch_norm": "frozen",
    "train_split": "trainval",
    "batch_size": 8,
    "learning_rate": 0.001,
}


def v3_voc(*, coco: str | None = None, **given: Any) -> list[TrainConfig]:
    """DeepLabv3 on PASCAL VOC, both stages: ResNet-101 at stride 16, then at stride 8 with frozen statistics.

    Published: `v3_voc_stage_1` and `v3_voc_stage_2`, one after the other; with COCO before them the first begins at
    learning rate 0.0001. On the test set 85.7 with COCO (table 7).

    Command:
      deeplab-tf train --recipe v3_voc --data voc --output runs/v3
      deeplab-tf train --recipe v3_voc --set-recipe coco=coco-voc --data voc --output runs/v3-coco
      deeplab-tf train --resume --output runs/v3

    Time and result: not measured yet.
    """
    return staged(given, STAGE_1, STAGE_2) if coco is None else with_coco(given, coco, AFTER_COCO, STAGE_1, STAGE_2)


def v3_voc_stage_1(**given: Any) -> TrainConfig:
    """DeepLabv3 on PASCAL VOC, first stage: ResNet-101 at stride 16 on train_aug.

    Published: batch 16, learning rate 0.007 that falls by poly with power 0.9, 30000 steps, crops of 513, scales 0.5 to
    2, trained statistics, multi-grid 1, 2, 4, rates 6, 12, 18 (section 4.1). The release: weight decay 0.0001 for
    ResNets, momentum 0.9. Table 6: mIoU 77.21 on val at stride 16, 78.51 at stride 8, 79.77 with scales and mirror
    images. With batch 4, 8, 12: 64.43, 75.76, 76.49 (table 9).

    Command:
      deeplab-tf train --recipe v3_voc_stage_1 --data voc --output runs/v3-first
      deeplab-tf evaluate runs/v3-first --data voc --output-stride 8

    Time and result: not measured yet.
    """
    return configured(given, **STAGE_1)


def v3_voc_stage_2(**given: Any) -> TrainConfig:
    """DeepLabv3 on PASCAL VOC, second stage: at stride 8 on trainval with frozen statistics.

    Published: learning rate 0.001, 30000 steps, statistics of the first stage, stride 8 with rates 12, 24, 36, on the
    official trainval (section 4.1). The batch is not stated; 8 is ours.

    What is validated on, val, is among what is trained on: the mIoU that the run shows says nothing of other images.
    The paper measured on the test server.

    Command:
      deeplab-tf train --recipe v3_voc_stage_2 --weights runs/v3-first --data voc --output runs/v3-second

    Time and result: not measured yet.
    """
    return configured(given, **STAGE_2)
