"""One training step against the formulas: loss, weight decay, momentum, learning rate."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV2, DeepLabV3
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.optimisation.trainer import for_outputs, learning_rate, make_trainer

CONFIG = TrainConfig(data="-", output="-", steps=10, learning_rate=0.5, weight_decay=1e-2, momentum=0.9)
IGNORE = 7


def make_model():
    keras.utils.set_random_seed(0)
    labels = {"names": ["a", "b", "c"], "ignore_label": IGNORE}
    return DeepLabV3("resnet_18", labels=labels, depth_multiplier=0.25, atrous_rates=(), filters=8, dropout=0.0)


@pytest.fixture
def batch():
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, (3, 33, 33)).astype(np.int32)
    labels[:, :10] = IGNORE
    labels[1] = IGNORE
    return draw.uniform(0, 255, (3, 33, 33, 3)).astype(np.float32), labels


def cross_entropy(logits, labels):
    """Mean over the pixels that are not ignored; 0 where all are."""
    logits = logits.astype(np.float64)
    log_sum = np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)) + logits.max(-1)
    valid = labels != IGNORE
    chosen = np.take_along_axis(logits, np.where(valid, labels, 0)[..., None], -1)[..., 0]
    return ((log_sum - chosen) * valid).sum() / max(valid.sum(), 1)


def penalty(model):
    kernels = [layer.kernel for layer in model.layers if type(layer) is keras.layers.Conv2D]
    return 1e-2 / 2 * sum((kernel.numpy().astype(np.float64) ** 2).sum() for kernel in kernels)


@pytest.fixture(scope="module")
def trained():
    model = make_model()
    return model, make_trainer(model, CONFIG)


def test_loss_is_cross_entropy_over_valid_pixels_plus_weight_decay(trained, batch):
    model, trainer = trained
    expected = cross_entropy(model(batch[0], training=True).numpy(), batch[1]) + penalty(model)
    trainer.reset_metrics()
    np.testing.assert_allclose(trainer.train_on_batch(*batch), expected, rtol=1e-4)


def test_a_batch_without_valid_pixels_leaves_the_weight_decay_only(trained, batch):
    model, trainer = trained
    expected = penalty(model)
    trainer.reset_metrics()
    np.testing.assert_allclose(trainer.train_on_batch(batch[0], np.full_like(batch[1], IGNORE)), expected, rtol=1e-4)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_weights_move_by_momentum_and_falling_rate(batch):
    model = make_model()
    trainer = make_trainer(model, CONFIG)
    bias, kernel = model.get_layer("logits.semantic").bias, model.get_layer("logits.semantic").kernel
    velocity = 0.0
    for step in range(3):
        before = [bias.numpy(), kernel.numpy()]
        probabilities = tf.nn.softmax(model(batch[0], training=True)).numpy()
        valid = batch[1] != IGNORE
        error = (probabilities - np.eye(3)[np.where(valid, batch[1], 0)]) * valid[..., None]
        # The resize spreads each coarse logit over shares that sum to one, so the bias sees all errors alike.
        gradient = error.sum((0, 1, 2)) / valid.sum()
        velocity = 0.9 * velocity - 0.5 * (1 - step / 10) ** 0.9 * gradient
        trainer.train_on_batch(*batch)
        np.testing.assert_allclose(bias.numpy() - before[0], velocity, rtol=2e-3, atol=1e-6)
        assert not np.array_equal(kernel.numpy(), before[1])


def test_learning_rate_falls_to_zero():
    schedule = learning_rate(CONFIG)
    for step in (0, 1, 5, 9, 10):
        np.testing.assert_allclose(float(schedule(step)), 0.5 * (1 - step / 10) ** 0.9, rtol=1e-5, atol=1e-9)


def test_the_model_itself_stays_uncompiled(trained):
    assert not trained[0].compiled
    assert trained[1].compiled


def test_the_losses_of_all_scales_add_up(batch):
    labels = {"names": ["a", "b", "c"], "ignore_label": IGNORE}
    model = DeepLabV2("vgg_16", labels=labels, depth_multiplier=0.05, atrous_rates=(2,), multi_scale=True, dropout=0.0)
    trainer = make_trainer(model, CONFIG.replace(learning_rate=1e-9))
    images, truth = batch
    scales = {name: logits.numpy() for name, logits in trainer(images).items()}
    assert sorted(scales) == ["fused", "scale_0.5", "scale_0.75", "scale_1"]
    expected = sum(cross_entropy(logits, truth) for logits in scales.values()) + penalty(model)
    batches = tf.data.Dataset.from_tensors(batch)
    history = trainer.fit(for_outputs(trainer, batches), verbose=0)
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-4)
