"""Optimisers of Keras with what the papers' recipes ask of them: learning rates by group, decay of kernels only.

Any of them goes into `compile`, is saved with the model, and goes on after loading as if nothing had happened.
"""

from deeplab_tf.optimizers.adam import Adam, AdamW
from deeplab_tf.optimizers.averaging import averaged_weights
from deeplab_tf.optimizers.sgd import SGD, Momentum

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "averaged_weights"]
