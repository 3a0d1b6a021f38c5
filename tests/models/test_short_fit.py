"""A few steps of plain `fit` are judged by `predict` as with the batch's own statistics."""

import keras
import numpy as np

from deeplab_tf import DeepLabV3
from harness.tiny_model import photo


def test_twenty_steps_are_judged_as_in_training():
    images = np.stack([photo(33, 33, seed) for seed in range(8)])
    labels = (images.mean(-1) > 127).astype(np.int32)
    keras.utils.set_random_seed(0)
    model = DeepLabV3("resnet_18", classes=2, depth_multiplier=0.25, atrous_rates=(), filters=16, dropout=0.0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    model.fit(images, labels, batch_size=8, epochs=20, verbose=0)
    trained = float(loss(labels, model(images.astype(np.float32), training=True)))
    judged = model.evaluate(images, labels, batch_size=8, verbose=0)
    assert trained < 0.6
    assert abs(judged - trained) < 0.1 * np.log(2)
