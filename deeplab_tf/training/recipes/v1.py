"""DeepLabv1 (arXiv 1412.7062)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import configured


def v1_large_fov(**given: Any) -> TrainConfig:
    """DeepLabv1 LargeFOV on PASCAL VOC: VGG-16, a field of view of 224 pixels.

    Published: batch 20, learning rate 0.001 that falls to a tenth every 2000 steps, ten times that for the classifier,
    momentum 0.9, weight decay 0.0005, crops of 321, mirror images and no random scale, from ImageNet; the released
    solver: biases at twice the rate. Table 1: mIoU 62.25 on val, 67.64 with the CRF. The number of steps is not in the
    paper; 6000 is what the second paper states for the same 62.25 (table 2, batch 30).

    Not as published: the labels are subsampled by 8 there; here the logits are upsampled, as since v3.

    Command:
      deeplab-tf train --recipe v1_large_fov --data voc --output runs/v1
      deeplab-tf evaluate runs/v1 --data voc --crf v1_large_fov

    Time and result: not measured yet; the paper has about 10 hours on a GPU of 2014.
    """
    return configured(
        given,
        model="v1",
        network={"variant": "large_fov"},
        weights="imagenet",
        train_split="train_aug",
        crop_size=321,
        min_scale=1.0,
        max_scale=1.0,
        batch_size=20,
        steps=6000,
        learning_rate=0.001,
        schedule="step",
        schedule_settings={"every": 2000, "factor": 0.1},
        optimizer_settings={"multipliers": {"logits": 10, "biases": 2}},
        momentum=0.9,
        weight_decay=5e-4,
    )
