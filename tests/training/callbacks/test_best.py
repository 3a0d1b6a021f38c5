"""The best model by validation, in a file for use."""

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.training.callbacks import BestModel, Validation
from harness.tiny_model import tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_the_highest_mean_iou_stays(known, published, model, tmp_path):
    bias = model.get_layer("logits.semantic").bias
    learn = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: bias.assign([epoch] * 4))
    best = BestModel(tmp_path / "best.keras", model=model)
    known.fit(learn, published(0.2, 0.5, 0.5, 0.4), best, epochs=4)
    assert (best.state.best_step, best.state.best_miou, best.state.best_pixel_accuracy) == (8, 0.5, 0.75)
    kept = load_model(tmp_path / "best.keras")
    assert not kept.compiled
    assert kept.get_layer("logits.semantic").bias.numpy().tolist() == [1.0] * 4


def test_without_validation_the_last_stays(known, model, tmp_path):
    best = BestModel(tmp_path / "best.keras", model=model)
    known.fit(best, epochs=2)
    assert (best.state.best_step, best.state.best_miou) == (8, None)


def test_the_result_by_class_stands_beside_it(known, squares, model, tmp_path):
    predictor, images = squares
    validation = Validation(images, model=predictor)
    known.fit(validation, BestModel(tmp_path / "best.keras", model=model, validation=validation))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.keras", "per_class.csv", "per_class.json"]
    assert "square,0.625000" in (tmp_path / "per_class.csv").read_text()


def test_another_metric_decides(known, published, model, tmp_path):
    class Loss(published):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            logs["val_error"] = (3.0, 1.0, 1.0, 2.0)[epoch]

    best = BestModel(tmp_path / "best.keras", model=model, monitor="val_error", mode="min")
    known.fit(Loss(0.5, 0.2, 0.3, 0.4), best, epochs=4)
    assert (best.state.best_step, best.state.best_value, best.state.best_miou) == (8, 1.0, 0.2)


def test_what_could_not_be_measured_is_never_better_and_never_kept(known, published, model, tmp_path):
    nothing = float("nan")
    best = BestModel(tmp_path / "best.keras", model=model)
    known.fit(published(nothing, 0.2, nothing), best, epochs=3)
    assert (best.state.best_step, best.state.best_miou) == (8, 0.2)
    best = BestModel(tmp_path / "best.keras", model=model)
    known.fit(published(nothing, nothing), best, epochs=2)
    assert (best.state.best_step, best.state.best_miou, best.state.best_value) == (20, None, None)


def test_another_keras_model_in_16_bits_is_saved_as_it_is(known, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        known = type(known)()
    finally:
        keras.config.set_dtype_policy(before)
    known.fit(BestModel(tmp_path / "best.keras"))
    kept = keras.models.load_model(tmp_path / "best.keras")
    assert (kept.layers[-1].dtype_policy.name, kept.compiled) == ("mixed_bfloat16", False)
    np.testing.assert_array_equal(kept.get_weights()[0], [[1.0]])


def test_what_nobody_measures_cannot_decide(known, published, model, tmp_path):
    best = BestModel(tmp_path / "best.keras", model=model, monitor="val_eror")
    with pytest.raises(ValueError, match=r"monitor must be one of .*'val_mean_iou'.*received 'val_eror'. Place"):
        known.fit(published(0.5), best)
    with pytest.raises(ValueError, match="mode must be one of 'max', 'min'; received 'highest'"):
        BestModel("best.keras", mode="highest")
