"""Auto-DeepLab (arXiv 1901.02985)."""

from __future__ import annotations

from typing import Any

from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.recipes.configured import RELEASE, configured


def auto_deeplab_cityscapes(**given: Any) -> TrainConfig:
    """The published Auto-DeepLab-S on Cityscapes, from scratch.

    Published: 1.5 million steps, learning rate 0.05 that falls by poly, crops of 769, statistics trained, no ImageNet
    (section 5.2). mIoU on val, whole images: 75.20, 77.09, 78.00 after 0.5, 1 and 1.5 million steps, 79.74 with
    scheduled drop path (table 3); M 80.04 and L 80.33 (table 2; --set base_filters=32 or 48). The release: weight decay
    0.00004. Batch 8 is what MindSpore's port infers.

    The rate of the drop path is not stated, and so it is left out:
    --set drop_path_keep=0.8 --set drop_path_steps=1500000 takes NASNet's.

    Command:
      deeplab-tf train --recipe auto_deeplab_cityscapes --data cityscapes --output runs/auto
      deeplab-tf train --recipe auto_deeplab_cityscapes --set base_filters=48 --data cityscapes --output runs/auto-l
      deeplab-tf train --recipe auto_deeplab_cityscapes --genotype found.json --data cityscapes --output runs/found

    Time and result: not measured yet.
    """
    return configured(
        given,
        model="auto_deeplab",
        network={"genotype": "auto_deeplab", "base_filters": 20},
        crop_size=769,
        batch_size=8,
        steps=1_500_000,
        learning_rate=0.05,
        power=0.9,
        weight_decay=4e-5,
        **RELEASE,
    )
