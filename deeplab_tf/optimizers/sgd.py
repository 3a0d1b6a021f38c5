"""Stochastic gradient descent with momentum, as Keras has it and as the release has it."""

from __future__ import annotations

from typing import Annotated

import keras
import tensorflow as tf
from typing_extensions import Unpack

from deeplab_tf.checks import number
from deeplab_tf.models.shared_settings import Argument
from deeplab_tf.optimizers.base import OptimizerSettings, Rate, RunOptimizer, truth


class SGDSettings(OptimizerSettings, total=False):
    """What both kinds of momentum take."""

    nesterov: Annotated[bool, Argument(False, "Look ahead, as Nesterov's.")]
    weight_decay: Annotated[
        float | None,
        Argument(
            None,
            "The papers': factor of half the squared norm of the kernels of convolutions, except depthwise ones. It is "
            "added to their gradients, after clipping, and not to the loss that is logged.",
        ),
    ]


@keras.saving.register_keras_serializable("deeplab_tf")
class SGD(RunOptimizer, keras.optimizers.SGD):
    """Keras's stochastic gradient descent: velocity = momentum x velocity - rate x gradient, which is added.

    Args:
        learning_rate: A number above 0, or a schedule.
        momentum: 0 to below 1.
        **settings: The shared arguments, see `SGDSettings`.

    Example:
        >>> optimizer = SGD(0.01, momentum=0.9, multipliers={"head": 10, "biases": 2}, use_ema=True)
        >>> model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255))
    """

    def __init__(self, learning_rate: Rate = 0.01, *, momentum: float = 0.0, **settings: Unpack[SGDSettings]):
        momentum = float(number("momentum", momentum, least=0, below=1, remedy="Try 0.9."))
        nesterov = truth("nesterov", settings.pop("nesterov", False))
        decay = settings.pop("weight_decay", None)
        super().__init__(learning_rate, weight_decay=decay, settings=settings, momentum=momentum, nesterov=nesterov)

    _operation = staticmethod(tf.raw_ops.ResourceApplyKerasMomentum)

    @property
    def _is_one_operation(self) -> bool:
        return bool(self.momentum)

    def _at_once(self, gradient, variable, learning_rate):
        sums = self.momentums[self._get_variable_index(variable)]
        self._operation(
            var=variable.handle, accum=sums.value.handle, lr=learning_rate, grad=gradient,
            momentum=tf.cast(self.momentum, variable.dtype), use_nesterov=self.nesterov,
        )  # fmt: skip


@keras.saving.register_keras_serializable("deeplab_tf")
class Momentum(SGD):
    """The momentum of the release's train.py: sum = momentum x sum + gradient, and rate x sum is taken off.

    At a constant rate this is `SGD`. Where the rate falls, the gradients of before count with the rate of now here, and
    with that of their time there: `SGD` then goes on faster for some 1 / (1 - momentum) steps.

    Args:
        learning_rate: A number above 0, or a schedule.
        momentum: 0 to below 1; the release has 0.9.
        **settings: The shared arguments, see `SGDSettings`.

    Example:
        >>> schedule = deeplab_tf.schedules.Poly(0.007, 30_000)
        >>> Momentum(schedule, weight_decay=4e-5, multipliers={"biases": 2}).momentum
        0.9
    """

    def __init__(self, learning_rate: Rate = 0.01, *, momentum: float = 0.9, **settings: Unpack[SGDSettings]):
        super().__init__(learning_rate, momentum=momentum, **settings)

    _operation = staticmethod(tf.raw_ops.ResourceApplyMomentum)

    def _composed(self, gradient, variable, learning_rate):
        step = gradient
        if self.momentum:
            sums = self.momentums[self._get_variable_index(variable)]
            self.assign(sums, self.momentum * sums + gradient)
            step = gradient + self.momentum * sums if self.nesterov else sums
        self.assign_sub(variable, learning_rate * step)
