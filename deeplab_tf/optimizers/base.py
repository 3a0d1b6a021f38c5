"""What the optimisers of this package have in common, beside what Keras's own do."""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping
from typing import Annotated

import keras
import tensorflow as tf
from typing_extensions import TypedDict

from deeplab_tf.checks import expect, number, plain, whole
from deeplab_tf.models.arguments import check_names
from deeplab_tf.models.shared_settings import Argument
from deeplab_tf.models.signatures import parameters_of, show_shared
from deeplab_tf.optimizers.groups import check_multipliers, decays, factors

Rate = float | keras.optimizers.schedules.LearningRateSchedule
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
SECTIONS = {"Raises": "ValueError: If an argument is unknown or not possible; the message says what is."}


class OptimizerSettings(TypedDict, total=False):
    """What every optimiser takes; all but the first are Keras's own."""

    multipliers: Annotated[
        Mapping[str, float] | None,
        Argument(
            None,
            'Factors of the learning rate by group: `"backbone"`, `"head"`, `"biases"` (of convolutions), or the '
            'beginning of layer names, such as `"logits"`; a weight in several has their product. v2 has head 10 and '
            "biases 2, the release `last_layer_gradient_multiplier` and biases 2. 0 keeps weights as they are.",
        ),
    ]
    clipnorm: Annotated[float | None, Argument(None, "Greatest norm of each weight's gradient.")]
    clipvalue: Annotated[float | None, Argument(None, "Greatest absolute value in a gradient.")]
    global_clipnorm: Annotated[float | None, Argument(None, "Greatest norm of all gradients together.")]
    gradient_accumulation_steps: Annotated[
        int | None,
        Argument(
            None,
            "Batches, 2 or more, whose mean gradient makes one update; schedules go by batches. Not under "
            "MirroredStrategy, where Keras cannot.",
        ),
    ]
    use_ema: Annotated[
        bool, Argument(False, "Keep a moving average of the weights, after every batch; see `averaged_weights`.")
    ]
    ema_momentum: Annotated[float, Argument(0.99, "Fraction of the average that is kept at each batch, 0 to below 1.")]
    ema_overwrite_frequency: Annotated[
        int | None, Argument(None, "Updates after which the weights themselves become the average, if ever.")
    ]
    loss_scale_factor: Annotated[
        float | None,
        Argument(None, "Fixed factor of the loss for its gradients; in float16 Keras finds one itself."),
    ]
    name: Annotated[str | None, Argument(None, "The optimiser's name.")]


class RunOptimizer(keras.optimizers.Optimizer, abc.ABC):
    """What stands before one of Keras's optimisers among the bases of one of ours.

    It also does without what a process would keep of every run of one replica: Keras sums the gradients over all
    replicas even where there is one. TensorFlow gives each such sum a gradient of its own, in a table of the process
    that nothing is ever taken from; it holds the graph of the whole training step, some 28 MB. Within a
    `tf.distribute` strategy this is Keras's way unchanged.
    """

    def __init__(self, learning_rate: Rate, *, weight_decay: float | None, settings: OptimizerSettings, **own):
        # A model that is saved has them as JSON.
        given = plain(dict(settings))
        check_names(type(self).__name__, given, [one.name for one in parameters_of(type(self).__init__)])
        multipliers = check_multipliers(given.pop("multipliers", None))
        decay = number("weight_decay", weight_decay or 0.0, least=0, remedy="Try 4e-5.")
        _check(given)
        super().__init__(learning_rate=_rate(learning_rate), **own, **given)
        # Not Keras's `weight_decay`, which shrinks all weights, biases and normalisation too.
        self._multipliers, self._decay = multipliers, decay
        self._factors, self._decaying = (), ()
        self._exempt, self._exempt_names = [], []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        show_shared(cls, SECTIONS)

    def build(self, variables):
        if not self.built:
            self._factors = factors(self._multipliers, variables)
            self._decaying = tuple(decays(variable) and not self._is_exempt(variable) for variable in variables)
        super().build(variables)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        super().exclude_from_weight_decay(var_list, var_names)
        self._exempt, self._exempt_names = list(var_list or ()), list(var_names or ())

    def _is_exempt(self, variable) -> bool:
        """Whether Keras's `exclude_from_weight_decay` names a variable."""
        named = any(re.search(name, variable.name) for name in self._exempt_names)
        return named or any(one is variable for one in self._exempt)

    def apply(self, grads, trainable_variables=None):
        def update(_=None):
            return super(RunOptimizer, self).apply(grads, trainable_variables)

        batches, mirrored = self.gradient_accumulation_steps, tf.distribute.MirroredStrategy
        possible = not batches or not isinstance(tf.distribute.get_strategy(), mirrored)
        remedy = "Keras cannot accumulate there; take larger batches."
        expect(possible, "gradient_accumulation_steps", batches, "None under MirroredStrategy", remedy)
        context = tf.distribute.get_replica_context()
        # Across replicas, which is where `merge_call` leads, Keras takes the gradients as summed.
        return update() if context is None or tf.distribute.has_strategy() else context.merge_call(update)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        if self._factors[index] != 1:
            learning_rate = learning_rate * self._factors[index]
        if self._decay and self._decaying[index]:
            gradient = self._decayed(gradient, variable, learning_rate)
        self._move(gradient, variable, learning_rate)

    def _decayed(self, gradient, variable, learning_rate):
        """The gradient of a kernel with that of half its squared norm, as the papers have it in the loss."""
        return gradient + keras.ops.cast(self._decay * variable, gradient.dtype)

    def _move(self, gradient, variable, learning_rate):
        """Moves a variable at its own learning rate, by one operation of TensorFlow where it has that of the settings.

        One passes over the values once; composed, an update takes five passes or many more, and waits for the memory.
        """
        one = self._is_one_operation and isinstance(gradient, tf.Tensor) and not tf.distribute.has_strategy()
        move = self._at_once if one else self._composed
        move(tf.cast(gradient, variable.dtype), variable, tf.cast(learning_rate, variable.dtype))

    @property
    @abc.abstractmethod
    def _is_one_operation(self) -> bool:
        """Whether TensorFlow has an operation for these settings."""

    @abc.abstractmethod
    def _at_once(self, gradient, variable, learning_rate):
        """The update by that operation."""

    def _composed(self, gradient, variable, learning_rate):
        """Keras's update."""
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict:
        return {**super().get_config(), "weight_decay": self._decay, "multipliers": dict(self._multipliers)}


def _rate(learning_rate: Rate) -> Rate:
    """A schedule as it is, a number as the float that Keras wants."""
    if callable(learning_rate):
        return learning_rate
    return float(number("learning_rate", learning_rate, above=0, remedy="Try 0.01, or a schedule."))


def _check(given: Mapping) -> None:
    """Makes sure that Keras's own settings are possible."""
    set_ = {name: value for name, value in given.items() if value is not None}
    clipping = [name for name in CLIPPING if name in set_]
    expect(len(clipping) < 2, "Clipping", clipping, "by one of its three kinds", "Give one of them.")
    for name in (*clipping, "loss_scale_factor"):
        number(name, set_.get(name, 1), above=0, remedy="Leave it out for none.")
    whole("gradient_accumulation_steps", set_.get("gradient_accumulation_steps", 2), least=2, remedy="None is for 1.")
    whole("ema_overwrite_frequency", set_.get("ema_overwrite_frequency", 1), remedy="None is for never.")
    truth("use_ema", given.get("use_ema", False))
    number("ema_momentum", given.get("ema_momentum", 0.99), least=0, below=1, remedy="Try 0.99.")


def truth(name: str, value) -> bool:
    """True or false as it is.

    Raises:
        ValueError: If it is neither.
    """
    expect(isinstance(value, bool), name, value, "true or false", "Give one of the two.")
    return value
