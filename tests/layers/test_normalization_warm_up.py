"""Moving statistics that are those of the last ninth of a run, however long it is, and where they come from files."""

import keras
import numpy as np
import pytest

from deeplab_tf.layers import BatchNorm


def built(warm_up=True):
    layer = BatchNorm(momentum=0.9997, warm_up=warm_up)
    layer.build((None, None, None, 1))
    return layer


def batch(value):
    """Pixels of this mean, whose unbiased variance is 4."""
    values = np.tile(np.float32([-1, 1]), 8)
    return (value + 2 * values * np.sqrt(15 / 16)).reshape(1, 4, 4, 1)


def after(layer, *values):
    for value in values:
        layer(batch(value), training=True)
    return float(layer.moving_mean[0]), float(layer.moving_variance[0])


def test_the_first_update_takes_nine_tenths_of_the_batch():
    assert after(built(), 10.0) == pytest.approx((9.0, 0.1 + 0.9 * 4), rel=1e-4)


def test_after_a_few_updates_the_initial_value_is_forgotten():
    mean, variance = after(built(), *[10.0] * 8)
    assert mean == pytest.approx(10, rel=1e-4)
    assert variance == pytest.approx(4, rel=1e-3)


def test_without_warm_up_the_momentum_is_constant():
    assert after(built(warm_up=False), 10.0)[0] == pytest.approx(0.003, rel=1e-3)


def test_the_momentum_stays_below_its_own():
    layer = BatchNorm(momentum=0.5, warm_up=True)
    layer.build((None, None, None, 1))
    after(layer, *[0.0] * 20)
    assert after(layer, 8.0)[0] == pytest.approx(4, rel=1e-3)


def test_statistics_that_were_loaded_fade_gently():
    layer = built()
    layer.set_weights([np.ones(1), np.zeros(1), np.full(1, 5.0), np.ones(1)])
    assert after(layer, 15.0)[0] == pytest.approx(6, rel=1e-2)


def test_a_run_that_begins_follows_its_own_data():
    layer = built()
    after(layer, *[5.0] * 200)
    layer.begin_run()
    assert after(layer, 15.0)[0] == pytest.approx(6, rel=1e-2)


def test_the_count_is_no_weight_and_is_saved(tmp_path):
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, BatchNorm(momentum=0.9997, warm_up=True, name="norm")(inputs))
    assert len(model.weights) == 4
    model.get_layer("norm")(batch(3.0), training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert after(again.get_layer("norm"), 8.0) == after(model.get_layer("norm"), 8.0)


def test_weights_of_files_without_the_count_fade_gently(tmp_path, monkeypatch):
    layer = built()
    layer.set_weights([np.ones(1), np.zeros(1), np.full(1, 5.0), np.ones(1)])
    with monkeypatch.context() as older:
        older.setattr(BatchNorm, "save_own_variables", keras.layers.BatchNormalization.save_own_variables)
        keras.Sequential([keras.Input((4, 4, 1)), layer]).save_weights(tmp_path / "old.weights.h5")
    again = built()
    keras.Sequential([keras.Input((4, 4, 1)), again]).load_weights(tmp_path / "old.weights.h5")
    assert after(again, 15.0)[0] == pytest.approx(6, rel=1e-2)
