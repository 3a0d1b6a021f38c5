"""Adam and AdamW, which follow the schedule as any optimiser does; the release's Adam has a constant rate."""

from __future__ import annotations

from typing import Annotated

import keras
import tensorflow as tf
from typing_extensions import Unpack

from deeplab_tf.checks import number
from deeplab_tf.models.shared_settings import Argument
from deeplab_tf.optimizers.base import OptimizerSettings, Rate, RunOptimizer, truth


class AdamSettings(OptimizerSettings, total=False):
    """What both kinds of Adam take."""

    beta_1: Annotated[float, Argument(0.9, "Fraction of the mean gradient kept at each update, 0 to below 1.")]
    beta_2: Annotated[float, Argument(0.999, "Fraction of the mean squared gradient kept, 0 to below 1.")]
    epsilon: Annotated[float, Argument(1e-7, "Added to the root of the latter, > 0; the release has 1e-8.")]
    amsgrad: Annotated[bool, Argument(False, "Divide by the largest of these roots so far.")]


@keras.saving.register_keras_serializable("deeplab_tf")
class Adam(RunOptimizer, keras.optimizers.Adam):
    """Keras's Adam (arXiv 1412.6980).

    Args:
        learning_rate: A number above 0, or a schedule.
        weight_decay: The papers', as for `SGD`.
        **settings: The shared arguments, see `AdamSettings`.

    Example:
        >>> Adam(deeplab_tf.schedules.Cosine(1e-3, 3000, warm_up_steps=100)).beta_1
        0.9
    """

    def __init__(
        self, learning_rate: Rate = 0.001, *, weight_decay: float | None = None, **settings: Unpack[AdamSettings]
    ):
        own = {
            "beta_1": number("beta_1", settings.pop("beta_1", 0.9), least=0, below=1, remedy="Try 0.9."),
            "beta_2": number("beta_2", settings.pop("beta_2", 0.999), least=0, below=1, remedy="Try 0.999."),
            "epsilon": number("epsilon", settings.pop("epsilon", 1e-7), above=0, remedy="Try 1e-7."),
            "amsgrad": truth("amsgrad", settings.pop("amsgrad", False)),
        }
        super().__init__(learning_rate, weight_decay=weight_decay, settings=settings, **own)

    @property
    def _is_one_operation(self) -> bool:
        return not self.amsgrad

    def build(self, variables):
        super().build(variables)
        # Keras has no public list of either.
        self._means, self._squares = (
            [state for state in self.variables if state.name.endswith(f"_{kind}")] for kind in ("momentum", "velocity")
        )

    def _at_once(self, gradient, variable, learning_rate):
        index, kind = self._get_variable_index(variable), variable.dtype
        beta_1, beta_2 = tf.cast(self.beta_1, kind), tf.cast(self.beta_2, kind)
        update = tf.cast(self.iterations, kind) + 1
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=self._means[index].value.handle, v=self._squares[index].value.handle,
            beta1_power=beta_1**update, beta2_power=beta_2**update, lr=learning_rate, beta1=beta_1, beta2=beta_2,
            epsilon=tf.cast(self.epsilon, kind), grad=gradient,
        )  # fmt: skip


@keras.saving.register_keras_serializable("deeplab_tf")
class AdamW(Adam):
    """Adam with decoupled weight decay (arXiv 1711.05101).

    At each update the kernels of convolutions, except depthwise ones, lose rate x weight_decay of themselves, the rate
    with its multiplier. (Keras's own lets all weights decay, normalisation too, and at one rate.)

    Args:
        learning_rate: A number above 0, or a schedule.
        weight_decay: 0 or above.
        **settings: The shared arguments, see `AdamSettings`.

    Example:
        >>> AdamW(1e-3, weight_decay=0.05, multipliers={"backbone": 0.1}).get_config()["weight_decay"]
        0.05
    """

    def __init__(self, learning_rate: Rate = 0.001, *, weight_decay: float = 0.004, **settings: Unpack[AdamSettings]):
        super().__init__(learning_rate, weight_decay=weight_decay, **settings)

    def _decayed(self, gradient, variable, learning_rate):
        self.assign_sub(variable, variable * keras.ops.cast(learning_rate * self._decay, variable.dtype))
        return gradient
