"""Models beside each other: agreement, relative times, size, mean IoU, and the table of all that."""

import csv
import itertools
import json
import math
import time

import numpy as np
import pytest

from deeplab_tf.evaluation import Benchmark, benchmark
from deeplab_tf.evaluation.speed import memory
from deeplab_tf.evaluation.speed.benchmark import stored_bytes
from deeplab_tf.labels import LabelSpec
from harness.tiny_model import photo

SPEC = LabelSpec(("ground", "tree", "roof"))


class Fixed:
    """Predicts the red channel, with the first rows wrong, after a while."""

    def __init__(self, source, wrong=0, seconds=0.0, labels=SPEC):
        self.source, self.labels, self.wrong, self.seconds = source, labels, wrong, seconds
        self.seen = []

    def predict(self, image):
        self.seen.append(image.shape)
        time.sleep(self.seconds)
        found = image[..., 0].astype(np.int32)
        found[: self.wrong] = (found[: self.wrong] + 1) % 3
        return found

    def probabilities(self, image):
        return np.eye(3, dtype=np.float32)[self.predict(image)]


def image(height=10, width=8):
    return np.random.default_rng(0).integers(0, 3, (height, width, 3), np.uint8)


def test_figures_are_relative_to_the_reference():
    models = [Fixed("slow", wrong=1, seconds=0.03), Fixed("fast", seconds=0.01)]
    measured = benchmark(models, [image()], runs=5, reference=models[1])
    slow, fast = measured.figures
    assert (slow.name, fast.name) == ("slow", "fast")
    assert (slow.agreement, fast.agreement) == (0.9, 1.0)
    assert fast.relative == 1
    assert slow.relative == pytest.approx(slow.times.median / fast.times.median)
    assert slow.times.median >= 0.03


def test_each_image_is_compared_and_images_take_turns_in_time():
    models = [Fixed("a"), Fixed("b", wrong=2)]
    measured = benchmark(models, [image(10), image(30)], runs=5)
    assert measured.figures[1].agreement == pytest.approx(1 - 2 * 2 / 40)
    timed = models[0].seen[-5:]
    assert [shape[0] for shape in timed] == [10, 30, 10, 30, 10]
    assert "2 images of up to 30x8; 5 runs of each model" in measured.table()


def test_mean_iou_of_labelled_images():
    data = [{"image": image(), "label": image()[..., 0]}]
    measured = benchmark([Fixed("right"), Fixed("wrong", wrong=5)], [image()], data=data, runs=1)
    right, wrong = (figures.evaluation for figures in measured.figures)
    assert (right.miou, right.pixel_accuracy) == (1.0, 1.0)
    assert wrong.pixel_accuracy == 0.5
    assert "1 labelled image" in measured.table()


def test_models_of_other_classes_have_no_agreement_and_are_refused_data():
    models = [Fixed("a"), Fixed("b", labels=LabelSpec(("a", "b", "c", "d")))]
    measured = benchmark(models, [image()], runs=1)
    assert math.isnan(measured.figures[1].agreement)
    with pytest.raises(ValueError, match="b has 4 classes"):
        benchmark(models, [image()], runs=1, data=[(image(), image()[..., 0])])
    assert len(models[0].seen) == 3


def test_table_and_files(tmp_path):
    measured = benchmark([Fixed("runs/a"), Fixed("runs/b", wrong=1)], [image()], runs=3)
    head, _, first, second, *_ = measured.table().splitlines()
    assert head.split("  ")[0] == "model"
    assert "MB" not in head
    assert "mIoU" not in head
    assert (first.split()[0], first.split()[-2:], second.split()[-2:]) == ("a", ["100.00", "%"], ["90.00", "%"])
    lines = measured.markdown().splitlines()
    assert lines[1].startswith("| --- | ---: |")
    assert lines[2].startswith("| `a` | ")
    assert len({line.count("|") for line in lines[:4]}) == 1
    measured.save_json(tmp_path / "speed.json")
    measured.save_csv(tmp_path / "speed.csv")
    stored = json.loads((tmp_path / "speed.json").read_text())
    assert stored["models"][1]["agreement"] == 0.9
    assert stored["models"][1]["memory"] is None
    assert (stored["runs"], stored["largest_image"], stored["reference"]) == (3, [10, 8], "a")
    rows = list(csv.DictReader((tmp_path / "speed.csv").open()))
    assert [(row["name"], row["agreement"], row["miou"]) for row in rows] == [
        ("a", "1.000000", ""),
        ("b", "0.900000", ""),
    ]


def test_interrupted_measurement_keeps_what_is_there():
    calls = itertools.count()

    class Interrupted(Fixed):
        def predict(self, image):
            if next(calls) == 6:
                raise KeyboardInterrupt
            return super().predict(image)

    measured = Benchmark([Interrupted("a"), Fixed("b")], [image()], runs=30)
    with pytest.raises(KeyboardInterrupt):
        measured.run()
    assert measured.timed == 4
    assert "4 runs of each model" in measured.table()


def test_synthetic_image_has_the_size_of_the_first_model_or_the_one_given():
    model = Fixed("a")
    model.limit = (20, 30)
    model.predict = lambda image: image[..., 0] % 3
    assert benchmark([model], runs=1).to_dict()["largest_image"] == [20, 30]
    measured = benchmark([model], runs=1, size=(12, 9))
    assert measured.to_dict()["largest_image"] == [12, 9]
    assert "1 synthetic image of up to 12x9; 1 run of each model, in turns (give real ones" in measured.table()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"models": []}, "Received no model"),
        ({"runs": 0}, "runs must be a whole number above 0"),
        ({"reference": "c"}, "reference must be one of the models; received c"),
        ({"size": 9, "images": [photo(4, 4)]}, "Images have their own sizes; received size=9 too"),
        ({"images": []}, "Received no image"),
        ({"size": "x"}, "size must be a side"),
        ({"models": [Fixed("a"), "/nowhere.tflite"]}, "There is no /nowhere.tflite"),
    ],
)
def test_wrong_arguments(settings, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        benchmark(**{"models": [Fixed("a")], **settings})


def test_memory_of_what_cannot_be_opened_is_unknown(monkeypatch, logged):
    monkeypatch.setattr(memory.sys, "executable", "/bin/false")
    assert math.isnan(memory.peak_memory("a.tflite", (9, 9), 1, {}))
    assert "The memory of a.tflite is not known: ended with 1" in logged.text


def test_size_of_versions_is_that_of_the_newest(tmp_path):
    for version, size in (("1", 30), ("2", 50)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").write_bytes(bytes(size))
    assert (stored_bytes(tmp_path), stored_bytes(tmp_path / "1")) == (50, 30)
