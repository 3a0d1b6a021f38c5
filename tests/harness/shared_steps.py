"""A small network trained on one device and on two parts of the CPU; run by itself it prints what differs."""

import sys

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.interrupts import Interrupts
from deeplab_tf.layers import BatchNorm, Dropout, DropPath
from deeplab_tf.losses import CrossEntropy
from deeplab_tf.optimizers import SGD
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.devices import devices_of
from deeplab_tf.training.strategy import OneDevice

STEPS, BATCH, IGNORE = 20, 4, 255


def network() -> keras.Model:
    """Convolutions with everything in which devices could differ: statistics, dropout, a penalty."""
    keras.utils.set_random_seed(0)
    x = images = keras.Input((None, None, 3))
    for filters in (8, 8):
        x = keras.layers.Conv2D(filters, 3, padding="same", kernel_regularizer=keras.regularizers.L2(1e-3))(x)
        x = keras.layers.ReLU()(BatchNorm(momentum=0.9)(x))
    x = keras.layers.Add()([x, DropPath(0.3, seed=1)(x)])
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Multiply()([x, BatchNorm(momentum=0.9)(pooled)])
    return keras.Model(images, keras.layers.Conv2D(3, 1)(Dropout(0.2, seed=2)(x)))


def batches() -> tf.data.Dataset:
    """Images with labels of which a replica may have few."""
    draw = np.random.default_rng(0)
    images = draw.normal(size=(STEPS * BATCH, 9, 9, 3)).astype(np.float32)
    labels = draw.integers(0, 3, (STEPS * BATCH, 9, 9))
    labels[::4, :8] = IGNORE
    labels[4:6] = IGNORE
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(BATCH).repeat()


def trained(devices: OneDevice, policy: str = "float32", **settings) -> tuple[list[np.ndarray], list[float]]:
    """All weights, and the loss by step."""
    losses = []
    keras.config.set_dtype_policy(policy)
    with devices.scope():
        model = network()
        model.compile(SGD(0.05, momentum=0.9, **settings), CrossEntropy(IGNORE), jit_compile=False)
        model.optimizer.build(model.trainable_variables)
    devices.prepare(model, model)
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(float(logs["loss"])))
    devices.fit(model, batches(), STEPS, note, Interrupts())
    keras.config.set_dtype_policy("float32")
    return model.get_weights(), losses


def main() -> None:
    config = TrainConfig(data="records", output="run", batch_size=BATCH, strategy="mirrored", devices=2)
    with devices_of(config, {}) as two:
        for name in sys.argv[1:]:
            settings = {
                "plain": {},
                "clipped": {"global_clipnorm": 0.1, "gradient_accumulation_steps": 2, "use_ema": True},
            }
            found = [trained(devices, **settings[name]) for devices in (OneDevice(), two)]
            (weights, losses), (others, shared) = found
            largest = max(float(np.abs(one - other).max()) for one, other in zip(weights, others, strict=True))
            print(name, largest, max(abs(one - other) for one, other in zip(losses, shared, strict=True)))


if __name__ == "__main__":
    main()
