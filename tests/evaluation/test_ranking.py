import csv

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.evaluation import rank_images
from deeplab_tf.evaluation import ranking as module
from deeplab_tf.inference import Predictor, Segmenter
from deeplab_tf.labels import LabelSpec


class Doubtful(Predictor):
    """Class 1 has the probability that red says, class 2 what green says, class 0 the rest."""

    source, labels = "doubtful", LabelSpec(("ground", "cat", "dog"))

    def scores(self, images):
        rest = 255 - tf.cast(images[..., 0], tf.float32) - tf.cast(images[..., 1], tf.float32)
        parts = [rest, tf.cast(images[..., 0], tf.float32), tf.cast(images[..., 1], tf.float32)]
        return tf.math.log(tf.stack(parts, -1) / 255)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, red, green in (("sure", 255, 0), ("third", 85, 85), ("half", 0, 127), ("mostly", 200, 20)):
        Image.new("RGB", (12, 9), (red, green, 0)).save(folder / f"{name}.png")
    return folder


def entropy(*probabilities):
    return -sum(share * np.log(share) for share in probabilities if share) / np.log(3)


def names(ranking):
    return [one.path.stem for one in ranking.images]


def test_the_least_certain_come_first(photos):
    ranking = rank_images(Segmenter(Doubtful()), photos)
    assert names(ranking) == ["third", "half", "mostly", "sure"]
    worked = {
        "third": (1, 0), "half": (entropy(127 / 255, 128 / 255), 1 / 255), "sure": (0, 1),
        "mostly": (entropy(35 / 255, 200 / 255, 20 / 255), 165 / 255),
    }  # fmt: skip
    for one in ranking.images:
        assert (one.entropy, one.margin) == pytest.approx(worked[one.path.stem], abs=1e-5)
    # Two classes at odds are less certain by their margin, whatever the third has.
    Image.new("RGB", (12, 9), (100, 100, 0)).save(photos / "two.png")
    Image.new("RGB", (12, 9), (90, 80, 0)).save(photos / "three.png")
    assert names(rank_images(Segmenter(Doubtful()), photos))[:3] == ["third", "three", "two"]
    assert names(rank_images(Segmenter(Doubtful()), photos, by="margin"))[:3] == ["third", "two", "half"]


def test_strips_give_the_same(photos, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 127, (40, 30, 3), np.uint8)
    Image.fromarray(pixels).save(photos / "noise.png")
    whole = rank_images(Segmenter(Doubtful()), photos / "noise.png").images[0]
    monkeypatch.setattr(module, "STRIP_PIXELS", 100)
    strips = rank_images(Segmenter(Doubtful()), photos / "noise.png").images[0]
    assert (strips.entropy, strips.margin) == pytest.approx((whole.entropy, whole.margin), rel=1e-5)


def test_files(photos, tmp_path):
    ranking = rank_images(Segmenter(Doubtful()), photos, count=2)
    ranking.save_csv(tmp_path / "next.csv")
    with open(tmp_path / "next.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [str(photos / f"{name}.png") for name in names(ranking)]
    assert float(rows[0]["entropy"]) == pytest.approx(1, abs=1e-5)
    assert [caption for caption, _, _ in ranking.samples] == ["third.png  1.000", "half.png  0.631"]
    ranking.save_contact_sheet(tmp_path / "next.png")
    with Image.open(tmp_path / "next.png") as sheet:
        assert sheet.width > 900
    assert ranking.table(1).splitlines()[1].split() == ["1.0000", "0.0000", str(photos / "third.png")]


def test_what_is_labelled_is_left_out(photos, logged):
    (photos / "third.json").write_text("{}")
    assert names(rank_images(Segmenter(Doubtful()), photos)) == ["half", "mostly", "sure"]
    assert "1 image left out, with a labelme file beside it" in logged.text
    assert len(rank_images(Segmenter(Doubtful()), photos, labelled=True).images) == 4
    with pytest.raises(ValueError, match="All images have a labelme file"):
        rank_images(Segmenter(Doubtful()), photos / "third.png")


def test_bad_images_are_named(photos):
    (photos / "bad.png").write_text("no image")
    with pytest.raises(ValueError, match=r"bad\.png cannot be read.* Or go on without it: --skip-bad"):
        rank_images(Segmenter(Doubtful()), photos)
    ranking = rank_images(Segmenter(Doubtful()), photos, skip_bad=True)
    assert (len(ranking.images), list(ranking.bad)) == (4, [photos / "bad.png"])


def test_wrong_inputs(photos):
    with pytest.raises(ValueError, match="by must be one of 'entropy', 'margin'"):
        rank_images(Segmenter(Doubtful()), photos, by="size")
    with pytest.raises(ValueError, match="count must be"):
        rank_images(Segmenter(Doubtful()), photos, count=0)

    class LabelsOnly(Doubtful):
        def scores(self, images):
            raise ValueError("labels.tflite gives labels only. Export probabilities.")

    with pytest.raises(ValueError, match="gives labels only"):
        rank_images(Segmenter(LabelsOnly()), photos, skip_bad=True)


def test_command(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("deeplab_tf.inference.segmenter.open_predictor", lambda *a, **k: Doubtful())
    outputs = ["--csv", tmp_path / "next.csv", "--contact-sheet", tmp_path / "next.png"]
    assert main([str(part) for part in ("rank", "mine.keras", photos, "--count", 1, *outputs)]) == 0
    assert "third.png" in capsys.readouterr().out
    assert (tmp_path / "next.csv").is_file()
    assert (tmp_path / "next.png").is_file()
    (tmp_path / "file").write_text("")
    command = ["rank", "mine.keras", str(photos), "--csv", str(tmp_path / "file" / "next.csv")]
    assert main(command) == 2
    assert "Cannot write to" in capsys.readouterr().err
    monkeypatch.setattr("deeplab_tf.evaluation.rank_images", None)
    assert main(["rank", "mine.keras", str(photos), "--contact-sheet", str(tmp_path / "next.xyz")]) == 2
    assert "next.xyz cannot be written as an image" in capsys.readouterr().err


def test_no_output_takes_the_place_of_an_input(photos, tmp_path, capsys):
    image = next(path for path in sorted(photos.iterdir()) if path.suffix == ".png")
    before = image.read_bytes()
    for output, reason in ((photos, "is a folder"), (image, "is one of the inputs")):
        assert main(["rank", "m.keras", str(photos), "--csv", str(output)]) == 2
        assert reason in capsys.readouterr().err
    assert image.read_bytes() == before
