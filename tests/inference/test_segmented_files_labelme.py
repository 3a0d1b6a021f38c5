"""Pre-labels: many images in, labelme's files beside them out."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets.builders.labelme import labelme_pairs
from deeplab_tf.files import read_json
from deeplab_tf.inference import Segmenter
from deeplab_tf.inference.segmented_files import segment_files
from deeplab_tf.labels import LabelSpec


class Bright:
    """Calls what is bright a lamp."""

    source, labels = "bright", LabelSpec(("background", "lamp"))
    probabilities = None

    def predict(self, image):
        return (image[..., 0] > 127).astype(np.int32)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, left in (("a", 5), ("b", 20)):
        pixels = np.zeros((30, 40, 3), np.uint8)
        pixels[8:20, left : left + 10] = 255
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def test_files_lie_beside_their_images_and_are_read_back(photos):
    done = segment_files(Segmenter(Bright()), photos, labelme=photos, tolerance=0)
    assert done.written == {photos / f"{name}.png": (photos / f"{name}.json",) for name in "ab"}
    assert sorted(path.name for path in photos.iterdir()) == ["a.json", "a.png", "b.json", "b.png"]
    pairs, labels = labelme_pairs(photos)
    assert labels.names == ("_background_", "lamp")
    for pair in pairs:
        np.testing.assert_array_equal(pair.read(pair.mask), np.asarray(Image.open(pair.image))[..., 0] > 127)


def test_what_a_person_drew_is_kept(photos):
    (photos / "a.json").write_text("by hand")
    done = segment_files(Segmenter(Bright()), photos, labelme=photos)
    assert (photos / "a.json").read_text() == "by hand"
    assert (list(done.written), done.kept) == ([photos / "b.png"], (photos / "a.json",))
    # Pictures are wanted of all.
    done = segment_files(Segmenter(Bright()), photos, photos.parent / "out", labelme=photos)
    assert [len(files) for files in done.written.values()] == [2, 2]
    done = segment_files(Segmenter(Bright()), photos, labelme=photos, overwrite=True)
    assert (len(done.written), done.kept) == (2, ())
    assert read_json(photos / "a.json")["imagePath"] == "a.png"


def test_another_folder_and_images_of_one_name(photos, tmp_path):
    (tmp_path / "more").mkdir()
    Image.open(photos / "b.png").save(tmp_path / "more" / "a.png")
    segment_files(Segmenter(Bright()), [photos, tmp_path / "more"], labelme=tmp_path / "drawn")
    named = {path.stem: read_json(path)["imagePath"] for path in (tmp_path / "drawn").iterdir()}
    assert named == {"a": "../photos/a.png", "b": "../photos/b.png", "a_2": "../more/a.png"}


def test_wrong_inputs(photos):
    with pytest.raises(ValueError, match="Received no folder to write to"):
        segment_files(Segmenter(Bright()), photos)
    with pytest.raises(ValueError, match="tolerance must be"):
        segment_files(Segmenter(Bright()), photos, labelme=photos, tolerance=-1)
    (photos / "bad.png").write_text("no image")
    done = segment_files(Segmenter(Bright()), photos, labelme=photos, skip_bad=True)
    assert list(done.bad) == [photos / "bad.png"]
    assert not (photos / "bad.json").exists()


def test_command(photos, monkeypatch, capsys):
    monkeypatch.setattr("deeplab_tf.inference.segmenter.open_predictor", lambda *a, **k: Bright())
    command = ["segment", "mine.keras", str(photos), "--labelme", str(photos)]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(f"2 images in {photos}, ")
    assert main([*command, "--tolerance", "0.5", "--smallest", "0"]) == 0
    assert "Kept 2 labelme files that lay there already; --overwrite" in capsys.readouterr().out
    assert main(command[:3]) == 2
    assert "Give --output" in capsys.readouterr().err
