"""The best model by validation, in a file for use."""

import keras
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
