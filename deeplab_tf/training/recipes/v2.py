"""DeepLabv2 (arXiv 1606.00915)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import configured, with_coco

# After COCO too: the released solver begins from weights of COCO.
RATE = 2.5e-4


def v2_resnet_101(*, coco: str | None = None, **given: Any) -> TrainConfig | list[TrainConfig]:
    """DeepLabv2 on PASCAL VOC: ResNet-101, ASPP-L, three scales; COCO first where its folder is given.

    Published (solver file and ports of it; the paper has the policy): batch 10, learning rate 0.00025 that falls by
    poly with power 0.9, 20000 steps, ten times that rate for the classifiers and twenty times for their biases,
    momentum 0.9, weight decay 0.0005, crops of 321, scales 0.5 to 1.5, frozen batch statistics; the loss is summed over
    the scales 0.5, 0.75, 1 and their maximum. Table 4: mIoU 76.35 on val, 77.69 with the CRF, from weights of COCO;
    71.27 from ImageNet with three scales alone.

    Command:
      deeplab-tf train --recipe v2_resnet_101 --data voc --output runs/v2
      deeplab-tf train --recipe v2_resnet_101 --set-recipe coco=coco-voc --data voc --output runs/v2-coco
      deeplab-tf evaluate runs/v2 --data voc --crf v2_resnet_101

    Time and result: not measured yet.
    """
    published = {
        "model": "v2",
        "backbone": "resnet_101_v2",
        "output_stride": 8,
        "atrous_rates": (6, 12, 18, 24),
        "network": {"multi_scale": True},
        "weights": "imagenet",
        "batch_norm": "frozen",
        "train_split": "train_aug",
        "crop_size": 321,
        "min_scale": 0.5,
        "max_scale": 1.5,
        "batch_size": 10,
        "steps": 20_000,
        "learning_rate": RATE,
        "optimizer_settings": {"multipliers": {"logits": 10, "biases": 2}},
        "momentum": 0.9,
        "weight_decay": 5e-4,
    }
    return configured(given, **published) if coco is None else with_coco(given, coco, RATE, published)
