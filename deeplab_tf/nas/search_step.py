"""The two steps that take turns: one of the weights, one of the architecture (first order, section 4.2)."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.labels import LabelSpec
from deeplab_tf.layers import BatchNorm
from deeplab_tf.losses import CrossEntropy
from deeplab_tf.metrics import MeanIoU
from deeplab_tf.nas.search_settings import SearchSettings
from deeplab_tf.nas.supernet import CELLS
from deeplab_tf.nas.supernet_cells import ARCHITECTURE, WEIGHTS
from deeplab_tf.optimizers import SGD, Adam
from deeplab_tf.schedules import Cosine
from deeplab_tf.training.strategy import OneDevice, layers_of


class SearchSteps:
    """What a search does with a batch.

    Args:
        model: From `supernet`.
        labels: What the label ids mean.
        settings: Rates and decays.
        steps: Steps of the weights in all.
        devices: Where they are done; the model was made in its scope.

    Attributes:
        model: The same.
        cells: Its layer that has alpha and beta.
        variables: All that a search has to keep to go on: of the network and of both optimisers.
    """

    def __init__(self, model: keras.Model, labels: LabelSpec, settings: SearchSettings, steps: int, devices: OneDevice):
        self.model, self.labels, self._devices = model, labels, devices
        self.cells = model.get_layer(CELLS)
        self._loss = CrossEntropy(labels.ignore_label)
        architecture = {id(variable) for variable in self.cells.architecture}
        weights = [variable for variable in model.trainable_variables if id(variable) not in architecture]
        schedule = Cosine(settings.learning_rate, steps, end_learning_rate=settings.end_learning_rate)
        self.optimizer = SGD(schedule, momentum=settings.momentum, weight_decay=settings.weight_decay or None)
        self._architecture_optimizer = Adam(
            settings.architecture_learning_rate, weight_decay=settings.architecture_weight_decay or None
        )
        self.learn_weights = self._step(WEIGHTS, weights, self.optimizer)
        self.learn_architecture = self._step(ARCHITECTURE, self.cells.architecture, self._architecture_optimizer)
        self._predict = tf.function(lambda images: model(images, training=False), autograph=False)
        counts = [layer.updates for layer in layers_of(model) if isinstance(layer, BatchNorm)]
        self.variables = [*model.variables, *counts, *self.optimizer.variables, *self._architecture_optimizer.variables]

    def _step(self, learns: str, variables: list[keras.Variable], optimizer: keras.optimizers.Optimizer):
        optimizer.build(variables)

        def gradients(images, labels):
            # Read where the graph is made.
            self.cells.learns = learns
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([variable.value for variable in variables])
                loss = self._loss(labels, self.model(images, training=True))
            return tape.gradient(loss, [variable.value for variable in variables]), loss[None]

        step = self._devices.step(gradients, optimizer, variables)
        return lambda images, labels: step(images, labels)[0]

    def miou(self, batches: tf.data.Dataset) -> float:
        """Mean IoU of the supernet by its moving statistics, 0-1."""
        metric = MeanIoU(self.labels)
        for images, labels in batches:
            metric.update_state(labels, self._predict(images))
        return float(metric.result())
