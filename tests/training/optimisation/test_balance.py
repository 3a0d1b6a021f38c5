"""What a run weighs by: from the masks, from a file, as numbers, or as it began."""

import json

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_folder, open_dataset, training_batches
from deeplab_tf.training import RunFolder, TrainConfig, run
from deeplab_tf.training.optimisation.balance import balance

# Pixels of classes 0, 1, 2 and of 255 in four masks of 100 pixels.
MASKS = ((90, 10, 0, 0), (100, 0, 0, 0), (80, 0, 20, 0), (60, 0, 0, 40))
MEDIAN_FREQUENCY = (0.2 / (330 / 400), 0.2 / 0.1, 1.0)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("balance")
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for index, counts in enumerate(MASKS):
        values = np.repeat([0, 1, 2, 255], counts).astype(np.uint8).reshape(10, 10)
        Image.fromarray(values).save(folder / "masks" / f"{index}.png")
        Image.fromarray(np.full((10, 10, 3), 50 * index, np.uint8)).save(folder / "images" / f"{index}.png")
    convert_folder(folder / "images", folder / "masks", folder / "records", labels=3, workers=1)
    return folder / "records"


def weigh(records, **settings):
    return balance(TrainConfig(data=str(records), output="run", **settings), open_dataset(records))


def test_masks_give_both_kinds_of_weights(records):
    found = weigh(records, class_weights="median_frequency", sampling="class_balanced")
    np.testing.assert_allclose(found.class_weights, MEDIAN_FREQUENCY)
    # Class 0 is in all four images, 1 and 2 in one each.
    np.testing.assert_allclose(found.image_weights, np.array([1 + 1 / 4, 1 / 4, 1 + 1 / 4, 1 / 4]) / 3)


def test_inverse_log_is_that_of_enet(records):
    shares = np.array([330, 10, 20]) / 360
    np.testing.assert_allclose(weigh(records, class_weights="inverse_log").class_weights, 1 / np.log(1.02 + shares))


def test_nothing_asked_nothing_weighed(records):
    found = weigh(records)
    assert found.class_weights is None
    assert found.image_weights is None


def test_a_file_and_numbers_are_taken_as_they_are(records, tmp_path):
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"class_weights": [1, 2, 0.5]}))
    for asked in (str(path), (1, 2, 0.5), [1, 2, 0.5]):
        np.testing.assert_array_equal(weigh(records, class_weights=asked).class_weights, [1, 2, 0.5])


def test_weights_that_do_not_fit_are_refused(records, tmp_path):
    path = tmp_path / "weights.json"
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match=r"weights\.json: expected 3 class weights.*received \[1, 2\]"):
        weigh(records, class_weights=str(path))
    with pytest.raises(ValueError, match=r"class_weights: expected 3 class weights.*received \(1, 2\)"):
        weigh(records, class_weights=(1, 2))
    with pytest.raises(FileNotFoundError):
        weigh(records, class_weights=str(tmp_path / "gone.json"))


def test_a_resumed_run_keeps_the_weights_that_it_began_with(settings, tmp_path, monkeypatch):
    path = tmp_path / "weights.json"
    path.write_text("[1, 1, 1, 1, 1, 9]")
    begun = []
    monkeypatch.setattr(run, "_fit", lambda batches, trainer, *_: begun.append((batches, trainer)))
    run.train(TrainConfig(**settings, class_weights=str(path), sampling="class_balanced", rotate=20))
    path.write_text("[1, 1, 1, 1, 1, 1]")
    run.resume(settings["output"])
    assert RunFolder(settings["output"]).read_resolved()["class_weights"] == [1, 1, 1, 1, 1, 9]
    assert [trainer.loss.class_weights for _, trainer in begun] == [[1, 1, 1, 1, 1, 9]] * 2
    first, again = (next(iter(batches)) for batches, _ in begun)
    plain = next(iter(training_batches(open_dataset(settings["data"]), batch_size=4, crop_size=(33, 33))))
    for part, other, unweighted in zip(first, again, plain):
        np.testing.assert_array_equal(part, other)
        assert (part.numpy() != unweighted.numpy()).any()
