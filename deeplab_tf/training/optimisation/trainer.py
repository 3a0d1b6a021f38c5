"""What trains a model: loss, weight decay, learning rate and optimiser, as the papers have them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.losses.combined import follow
from deeplab_tf.models import SegmentationModel
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.optimisation.statistics_momentum import fit_momentum
from deeplab_tf.training.optimisation.tables import DECOUPLED, LOSSES, OPTIMIZERS, SCHEDULES
from deeplab_tf.training.optimisation.weight_decay import add_weight_decay


def learning_rate(config: TrainConfig) -> keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate by step."""
    schedule = config.schedule
    row, given = SCHEDULES[schedule.name], (schedule.learning_rate, schedule.steps)
    return row.made(*given, further=schedule.settings, group=schedule, power=schedule.power)


def make_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimiser, with the schedule.

    Raises:
        ValueError: If one of the two does not have a setting that is given, or not that value of it.
    """
    asked = config.optimisation
    own: dict[str, float] = {"momentum": asked.momentum}
    if asked.optimizer in DECOUPLED:
        own["weight_decay"] = asked.weight_decay
    row = OPTIMIZERS[asked.optimizer]
    return row.made(learning_rate(config), further=asked.optimizer_settings, group=asked, **own)


def make_trainer(
    model: SegmentationModel, config: TrainConfig, class_weights: Sequence[float] | np.ndarray | None = None
) -> keras.Model:
    """A compiled model of the same layers; `model` itself stays as files keep it, without training state.

    The loss is that of the settings plus the weight decay. A model that gives several logits, as DeepLabv2 does of its
    scales, has the sum of their losses.

    Args:
        model: The model to train; its kernels get the weight decay, its normalisation a fitting momentum.
        config: The settings.
        class_weights: What a pixel of every class weighs in the loss; all alike when left out.

    Returns:
        The model to call `fit` on, its optimiser built.

    Raises:
        ValueError: If the loss, the schedule or the optimiser does not have a setting that is given.

    Example:
        >>> trainer = make_trainer(model, config)
        >>> trainer.fit(for_outputs(trainer, batches), steps_per_epoch=config.steps)
    """
    add_weight_decay(model, 0.0 if config.optimizer in DECOUPLED else config.weight_decay)
    fit_momentum(model, config.steps)
    trainer = model.for_training()
    asked = config.optimisation
    loss = LOSSES[asked.loss].made(
        model.labels.ignore_label, further=asked.loss_settings, group=asked, class_weights=class_weights
    )
    trainer.compile(
        make_optimizer(config),
        dict.fromkeys(trainer.output, loss) if isinstance(trainer.output, dict) else loss,
        jit_compile=False,
    )
    follow(loss, trainer.optimizer)
    trainer.optimizer.build(trainer.trainable_variables)
    return trainer


def for_outputs(trainer: keras.Model, batches: tf.data.Dataset) -> tf.data.Dataset:
    """Batches of images and labels, the labels given once for each of the outputs of `trainer`.

    Args:
        trainer: From `make_trainer`.
        batches: Pairs of images and labels.
    """
    if not isinstance(trainer.output, dict):
        return batches
    return batches.map(lambda images, labels: (images, dict.fromkeys(trainer.output, labels)))
