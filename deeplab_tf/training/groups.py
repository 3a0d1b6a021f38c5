"""The groups of a run's settings; the command line's options and their help are made from these fields.

Importing this costs no TensorFlow: what needs it is imported where a value is checked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from deeplab_tf import checks
from deeplab_tf.datasets.pipeline.class_weights import METHODS
from deeplab_tf.settings import ARGUMENTS, FLAG, TEXT, Kind, Settings, number, one_of, setting, whole
from deeplab_tf.training.optimisation.tables import LOSSES, OPTIMIZERS, SCHEDULES

STRATEGIES = ("one", "mirrored", "multi_worker")
BEST_BY = ("miou", "pixel_accuracy", "boundary_iou", "boundary_f1", "loss")


def _model(name: str, value) -> str:
    from deeplab_tf.models import MODELS

    return checks.one_of(name, TEXT.check(name, value), MODELS)


def _backbone(name: str, value) -> str:
    from deeplab_tf.backbones import backbone

    backbone(TEXT.check(name, value))
    return value


def _rates(name: str, value) -> tuple[int, ...]:
    return checks.whole_numbers(name, value, remedy="Try (6, 12, 18), or () for none.")


def _class_weights(name: str, value) -> str | tuple[float, ...]:
    named = isinstance(value, str) and (value in METHODS or value.endswith(".json"))
    expected = f"one of {sorted(METHODS)}, a .json file, or a weight for each class"
    checks.expect(named or isinstance(value, list | tuple), name, value, expected, "Try 'median_frequency'.")
    return tuple(value) if isinstance(value, list) else value


def devices_setting() -> Any:
    """The field of how many devices share a step."""
    return setting(
        whole(remedy="Try 2."), "Devices of mirrored; without GPUs parts of the CPU.", unset="all GPUs", default=None
    )


def check_devices(devices: int | None, strategy: str) -> None:
    """Raises `ValueError` where devices are counted that do not share a step."""
    if devices is not None and strategy != "mirrored":
        raise ValueError(
            f"devices counts those of strategy='mirrored'; received devices={devices} and strategy={strategy!r}. "
            "Leave it out."
        )


_STEPS = whole(remedy="Try 3000.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """The network, and the weights that it starts from; what is left open follows the weights.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> NetworkSettings(model="v3plus", arguments={"decoder_filters": 128})
    """

    model: str | None = setting(
        Kind("model", _model), "Which model of the family.", unset="that of the weights, or v3", default=None
    )
    backbone: str | None = setting(
        Kind("text", _backbone), "Feature extractor.", unset="that of the weights, or mobilenet_v2", default=None
    )
    depth_multiplier: float | None = setting(
        number(above=0, remedy="Usually 0.25 to 1.4."),
        "Width of the backbone, such as 0.5.",
        unset="that of the weights, or 1",
        default=None,
    )
    output_stride: int | None = setting(
        whole(remedy="Try 16."), "8, 16 or 32.", unset="that of the weights, or 16", default=None
    )
    atrous_rates: tuple[int, ...] | None = setting(
        Kind("rates", _rates),
        "ASPP rates, such as 6,12,18, or none.",
        more="Those of a new ASPP must be smaller than the crop's map has cells.",
        unset="as the weights, or by crop",
        default=None,
    )
    arguments: Mapping[str, Any] | None = setting(
        ARGUMENTS,
        "A further argument of the model's constructor, such as multi_grid=[1,2,4]; repeat.",
        name="network",
        option="--set",
        default=None,
    )
    weights: str | None = setting(
        TEXT,
        "Start: a .keras file, a run folder, a released file, a name of the zoo, or imagenet.",
        default=None,
    )
    recalibrate: int | None = setting(
        whole(least=0, remedy="Try 200."),
        "Images to measure the batch statistics on that the weights lack; 0 for never.",
        more="They lack those that were folded into the kernels.",
        unset="200",
        default=None,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimisationSettings(Settings):
    """What a step minimises, and how.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> OptimisationSettings(batch_size=16, class_weights="median_frequency")
    """

    batch_size: int = setting(whole(remedy="Try 8."), "Images per step.", default=8)
    loss: str = setting(one_of(LOSSES), "Loss over the pixels that are not ignored.", default="cross_entropy")
    loss_settings: Mapping[str, Any] | None = setting(
        ARGUMENTS, "A setting of the loss; repeat.", option="--set-loss", default=None
    )
    class_weights: str | tuple[float, ...] | None = setting(
        Kind("class_weights", _class_weights),
        f"Weigh classes in the loss: {', '.join(METHODS)}, or a file's numbers.",
        more="Or the numbers themselves.",
        metavar="METHOD|FILE.json|none",
        default=None,
    )
    optimizer: str = setting(one_of(OPTIMIZERS), "Optimiser.", default="sgd")
    optimizer_settings: Mapping[str, Any] | None = setting(
        ARGUMENTS,
        'A setting of the optimiser, such as use_ema=true, clipnorm=1 or multipliers={"head":10}; repeat.',
        more="`deeplab_tf.optimizers` has them. With use_ema the averaged weights are validated and kept for use.",
        option="--set-optimizer",
        default=None,
    )
    momentum: float = setting(number(least=0, below=1, remedy="Try 0.9."), "Of sgd and momentum.", default=0.9)
    weight_decay: float = setting(
        number(least=0, remedy="Try 4e-5."),
        "L2 on convolution kernels.",
        more="Factor of half the squared norm of all of them except the depthwise; for adamw the fraction that they "
        "lose, times the learning rate.",
        default=4e-5,
    )
    batch_norm: str = setting(
        one_of(("train", "frozen")),
        "Batch statistics: train or keep.",
        more="Frozen ones are those of the weights, for batches too small to measure any; scale and shift are trained.",
        default="train",
    )

    def __post_init__(self):
        super().__post_init__()
        if self.batch_norm == "train" and self.batch_size == 1:
            raise ValueError(
                "batch_norm='train' needs a batch_size of at least 2, as the image pooling has one value per channel "
                "and image, and one value has no variance; received 1. Raise it or take batch_norm='frozen'."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleSettings(Settings):
    """How long a run is, and how its learning rate goes.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> ScheduleSettings(steps=30_000, learning_rate=0.007)
    """

    name: str = setting(one_of(SCHEDULES), "How the learning rate goes.", name="schedule", default="poly")
    settings: Mapping[str, Any] | None = setting(
        ARGUMENTS,
        "A setting of the schedule, such as warm_up_steps=500; repeat.",
        more="All have slow_start_step, warm_up_steps and slow_start_learning_rate.",
        name="schedule_settings",
        option="--set-schedule",
        default=None,
    )
    steps: int = setting(_STEPS, "Optimiser steps of the whole run.", default=3000)
    learning_rate: float | None = setting(
        number(above=0, remedy="Try 0.01."),
        "At the start.",
        more="To keep the classes of a released model, take 0.0003.",
        unset="0.01; 0.001 from a DeepLab's weights, for v1, v2; a tenth for adam and adamw",
        default=None,
    )
    power: float = setting(number(above=0, remedy="Try 0.9."), "Of the fall by poly.", default=0.9)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings(Settings):
    """Where a run keeps its files, how often, and what else decides on its result.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> RunSettings(output="runs/voc", seed=3)
    """

    output: str = setting(TEXT, "Run folder.")
    recipe: str | None = setting(
        TEXT,
        "Begin from these settings; deeplab-tf recipes lists them.",
        more="`recipe` makes such settings; here its name is only kept with the run.",
        metavar="NAME",
        default=None,
    )
    eval_every: int | None = setting(
        _STEPS,
        "Steps between checkpoints, each with a validation.",
        unset="a tenth of the steps, 100 to 2000",
        default=None,
    )
    best_by: str = setting(
        one_of(BEST_BY), "What the best model is best by in the validations; loss is that of training.", default="miou"
    )
    patience: int | None = setting(
        whole(remedy="Try 5."), "Validations in a row without a better model that end the run.", default=None
    )
    panel_images: int = setting(
        whole(least=0, remedy="Try 4."),
        "Validation images that TensorBoard shows beside truth and prediction.",
        default=4,
    )
    checkpoint_minutes: float = setting(
        number(least=0, remedy="Try 10."), "Minutes between checkpoints to resume from; 0 for none.", default=10.0
    )
    seed: int = setting(
        whole(least=0, remedy="Try 0."),
        "Of everything random.",
        more="Equal seeds give equal data and equal initial weights.",
        default=0,
    )
    mixed_precision: bool = setting(
        FLAG, "Compute in 16 bits.", more="float16 on a GPU, bfloat16 elsewhere.", default=False
    )
    fast_dev_run: bool = setting(
        FLAG,
        "Three steps through everything, to see whether it works: training, validation on a few images, checkpoint, "
        "best model, export.",
        more="The run may be replaced by any other without `overwrite`.",
        default=False,
    )
    strategy: str = setting(
        one_of(STRATEGIES),
        "Who shares a step: one device, those of this host, or all workers that TF_CONFIG lists.",
        default="one",
    )
    devices: int | None = devices_setting()
    wait_minutes: float = setting(
        number(above=0, remedy="Try 10."), "How long workers wait for each other at the start.", default=10.0
    )

    def __post_init__(self):
        super().__post_init__()
        check_devices(self.devices, self.strategy)
