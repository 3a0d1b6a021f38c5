"""Where the steps of a run are done: on one device, on several of this host, or on several hosts.

However many share a step, its batch is that of one device, in the same order; statistics, loss and gradient are those
of the whole batch. So the results agree but for rounding.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import listing
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.layers import BatchNorm
from deeplab_tf.training.workers import WorkerLost, Workers

SIGNALS = (signal.SIGINT, signal.SIGTERM)
Gradients = Callable[..., tuple[list[tf.Tensor], tf.Tensor]]


class OneDevice:
    """Steps by Keras's own `fit`, on one device.

    Attributes:
        chief: Whether this process is the one that writes.
        part: Which part of every batch it reads, as `training_batches` takes it.
        workers: The workers, where there are several.
    """

    chief = True
    part = (0, 1)
    workers: Workers | None = None

    def scope(self) -> contextlib.AbstractContextManager:
        """In which model and optimiser are made."""
        return contextlib.nullcontext()

    def prepare(self, model: keras.Model, trainer: keras.Model | None = None) -> None:
        """Makes a model fit for shared steps, and what trains it for `fit`, in place."""

    def parts(self, batches: tf.data.Dataset) -> Iterable:
        """What of every batch this process's replicas take."""
        return batches

    def step(
        self, gradients: Gradients, optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]
    ) -> Callable[..., tf.Tensor]:
        """A step as a graph.

        Args:
            gradients: Gives the gradients of its arguments, and a vector of what else is summed over the replicas.
            optimizer: Moves the variables.
            variables: What is moved; none where `gradients` moves them itself.

        Returns:
            A function of such arguments, of which `parts` has each replica's; it gives the sum of the vectors.
        """

        @tf.function(autograph=False)
        def step(*arguments):
            own, others = gradients(*arguments)
            optimizer.apply(own, variables)
            return others

        return step

    def together(self, work: Callable[[], None], trainer: keras.Model, interrupts: Interrupts) -> None:
        """Does some work and waits until all other workers have done theirs; all stop where one is to stop.

        Raises:
            Interruption: If another worker was interrupted.
            WorkerLost: If another worker failed.
        """
        work()

    def fit(
        self,
        trainer: keras.Model,
        batches: tf.data.Dataset,
        steps: int,
        callback: keras.callbacks.Callback,
        interrupts: Interrupts,
    ) -> None:
        """Trains.

        Args:
            trainer: The compiled model.
            batches: Images and labels, as `for_outputs` gives this process's part of every batch.
            steps: How many.
            callback: What happens between them.
            interrupts: What another worker has noted is noted here too.
        """
        trainer.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[callback])


class SeveralDevices(OneDevice):
    """Steps shared by the replicas of a `tf.distribute` strategy.

    Keras's own `fit` cannot do that with several workers, and divides each replica's loss by its own pixels.

    Args:
        strategy: The strategy.
        batch_size: Images a step, of all replicas.
        workers: The workers, where there are several.

    Raises:
        ValueError: If the replicas cannot share the batch evenly.
    """

    def __init__(self, strategy: tf.distribute.Strategy, batch_size: int, workers: Workers | None = None):
        self._strategy, self._batch_size, self.workers = strategy, batch_size, workers
        self._replicas = strategy.num_replicas_in_sync
        if batch_size % self._replicas:
            raise ValueError(
                f"batch_size must be a multiple of the {self._replicas} devices that share it; received {batch_size}. "
                f"Take {-(-batch_size // self._replicas) * self._replicas}."
            )
        if workers is not None:
            self.chief, self.part = workers.chief, (workers.number, len(workers.tasks))
        self.sum = tf.function(lambda values: self._first(strategy.run(_summed, (values,))))

    def scope(self) -> contextlib.AbstractContextManager:
        return self._strategy.scope()

    def prepare(self, model: keras.Model, trainer: keras.Model | None = None) -> None:
        for layer in layers_of(model):
            if isinstance(layer, BatchNorm):
                layer.synchronized = True
        if trainer is not None:
            # Compiled again, outside of the scope: the mean of the loss is then kept in plain variables, which one
            # worker can read and set by itself.
            trainer.compile(trainer.optimizer, trainer.loss, jit_compile=False)

    def parts(self, batches: tf.data.Dataset) -> Iterable:
        each = self._batch_size // self._replicas
        return self._strategy.distribute_datasets_from_function(lambda _: batches.rebatch(each, drop_remainder=True))

    def step(
        self, gradients: Gradients, optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]
    ) -> Callable[..., tf.Tensor]:
        sizes = [int(np.prod(variable.shape)) for variable in variables]

        def replica(*arguments):
            own, others = gradients(*arguments)
            # One exchange for all.
            return _summed(tf.concat([*(tf.reshape(gradient, [-1]) for gradient in own), others], 0))

        @tf.function(autograph=False)
        def step(*arguments):
            *parts, others = tf.split(self._first(self._strategy.run(replica, arguments)), [*sizes, -1])
            if variables:
                shaped = [tf.reshape(part, variable.shape) for part, variable in zip(parts, variables)]
                # Outside of the replicas: so Keras clips and accumulates the gradients of the whole batch, and updates
                # all of them.
                optimizer.apply(shaped, variables)
            return others

        return step

    def together(self, work: Callable[[], None], trainer: keras.Model, interrupts: Interrupts) -> None:
        if self.workers is None:
            work()
            return
        error = None
        try:
            work()
        except BaseException as raised:
            error = raised
        own = np.zeros(3 + len(self.workers.tasks), np.float32)
        own[0], own[1:3], own[3 + self.workers.number] = trainer.stop_training, _noted(interrupts), error is not None
        try:
            stops, *noted = self.sum(tf.constant(own)).numpy() > 0
        except tf.errors.OpError as lost:
            # The others may have ended already, at the same signal or for the same reason.
            if error is None and interrupts.pending is None:
                raise
            raise (error or Interruption(number=interrupts.pending)) from lost
        if error is not None:
            raise error
        if failed := [self.workers.name(number) for number in np.flatnonzero(noted[2:])]:
            _note(interrupts, noted[:2])
            if interrupts.pending is not None:
                raise Interruption(number=interrupts.pending)
            raise WorkerLost(f"{listing(failed)} ended; the log there says why.")
        trainer.stop_training = bool(stops)

    def fit(
        self,
        trainer: keras.Model,
        batches: tf.data.Dataset,
        steps: int,
        callback: keras.callbacks.Callback,
        interrupts: Interrupts,
    ) -> None:
        step, mean = self._step(trainer), next(metric for metric in trainer.metrics if metric.name == "loss")

        def loss() -> dict[str, float]:
            return {"loss": float(mean.result())}

        callback.set_model(trainer)
        trainer.stop_training = False
        callback.on_train_begin()
        trainer.reset_metrics()
        callback.on_epoch_begin(0)
        for number, part in zip(range(steps), self.parts(batches)):
            callback.on_train_batch_begin(number)
            *noted, value = step(*part, tf.constant(_noted(interrupts))).numpy()
            mean.update_state(value, sample_weight=self._batch_size)
            _note(interrupts, noted)
            self.together(lambda number=number: callback.on_train_batch_end(number, loss()), trainer, interrupts)
            if trainer.stop_training:
                break
        self.together(lambda: callback.on_epoch_end(0, loss()), trainer, interrupts)
        trainer.optimizer.finalize_variable_values(trainer.trainable_variables)
        # All is done, and whoever is through first may be gone.
        with contextlib.suppress(tf.errors.OpError):
            self.together(callback.on_train_end, trainer, interrupts)

    def _step(self, trainer: keras.Model) -> Callable:
        """A step of a part of a batch and this worker's signals: all signals, and the loss of the whole batch."""
        optimizer, variables = trainer.optimizer, trainer.trainable_variables
        # In float16 Keras's optimiser looks for gradients that are not numbers, and does that within a replica only.
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)

        def gradients(images, labels, noted):
            with tf.GradientTape() as tape:
                loss = _loss(trainer, images, labels, self._replicas)
                scaled = optimizer.scale_loss(loss)
            found = tape.gradient(scaled, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            if scales:
                optimizer.apply(found, variables)
                found = []
            return found, tf.concat([noted, [loss]], 0)

        return self.step(gradients, optimizer, [] if scales else variables)

    def _first(self, values: Any) -> tf.Tensor:
        return self._strategy.experimental_local_results(values)[0]


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model and of those within it."""
    return [
        inner for layer in model.layers for inner in (layers_of(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def _summed(values: tf.Tensor) -> tf.Tensor:
    # An argument of the function is on no device yet, and then has nowhere to be summed.
    own = tf.identity(values)
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)


def _loss(trainer: keras.Model, images: tf.Tensor, labels: Any, replicas: int) -> tf.Tensor:
    """A replica's share of the loss: the sum of all is the loss of the whole batch, as `LabelLoss` has it."""
    outputs, losses = trainer(images, training=True), trainer.loss
    if not isinstance(losses, Mapping):
        outputs, losses, labels = {"": outputs}, {"": losses}, {"": labels}
    own = tf.add_n([losses[name](labels[name], outputs[name]) for name in losses])
    return own + tf.add_n(trainer.losses) / replicas if trainer.losses else own


def _noted(interrupts: Interrupts) -> np.ndarray:
    return np.array([interrupts.pending == number for number in SIGNALS], np.float32)


def _note(interrupts: Interrupts, noted: np.ndarray) -> None:
    """Notes the signal of another worker."""
    if interrupts.pending is None:
        interrupts.pending = next((int(number) for number, found in zip(SIGNALS, noted) if found), None)
