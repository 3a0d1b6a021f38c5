"""Drop path: whole images, the expectation kept, the share rising with the steps."""

import keras
import numpy as np
import pytest

from deeplab_tf.layers import DropPath

ONES = np.ones((4000, 1, 2, 3), np.float32)


def test_a_path_is_there_or_not_and_its_expectation_stays():
    paths = np.asarray(DropPath(0.25, seed=1)(ONES, training=True))
    assert (paths == paths[:, :1, :1, :1]).all()
    assert set(np.unique(paths)) == {0, np.float32(1 / 0.75)}
    # Three standard deviations of a share of 4000 draws.
    assert (paths[:, 0, 0, 0] == 0).mean() == pytest.approx(0.25, abs=3 * np.sqrt(0.25 * 0.75 / 4000))


def test_prediction_drops_nothing():
    assert (np.asarray(DropPath(0.9)(ONES)) == 1).all()


def test_the_share_rises_over_the_steps_and_then_stays():
    layer = DropPath(0.5, steps=4, seed=2)
    shares = [(np.asarray(layer(ONES, training=True))[:, 0, 0, 0] == 0).mean() for _ in range(6)]
    np.testing.assert_allclose(shares, [0, 0.125, 0.25, 0.375, 0.5, 0.5], atol=0.025)
    assert shares[0] == 0


def test_the_steps_taken_are_kept_in_the_file(tmp_path):
    images = keras.Input((1, 2, 3))
    model = keras.Model(images, DropPath(0.5, steps=10)(images))
    for _ in range(3):
        model(ONES[:2], training=True)
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").layers[-1].taken.numpy() == 3


@pytest.mark.parametrize("settings", [{"rate": 1.0}, {"rate": -0.1}, {"rate": 0.5, "steps": 0}])
def test_impossible_settings(settings):
    with pytest.raises(ValueError, match=r"received"):
        DropPath(**settings)
