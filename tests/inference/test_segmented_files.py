from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.inference import Segmenter
from deeplab_tf.inference.segmented_files import find_images, segment_files, unique_stems
from deeplab_tf.labels import LabelSpec, label_spec


class Corner:
    """Predicts the red value of the first pixel everywhere."""

    kind, source, labels = "fake", "corner", LabelSpec(("a", "b", "c"))

    def predict(self, image):
        return np.full(image.shape[:2], image[0, 0, 0], np.int32)

    probabilities = None


@pytest.fixture
def photos(tmp_path):
    for folder, red in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (8, 6), (red, 0, 0)).save(tmp_path / folder / "x.png")
    return tmp_path


def labels_in(path):
    return set(np.asarray(Image.open(path)).ravel().tolist())


def test_inputs_of_one_stem_keep_their_own_outputs(photos):
    paths = [photos / "one/x.png", photos / "two/x.png"]
    done = segment_files(Segmenter(Corner()), paths, photos / "out")
    assert list(done.written) == paths
    assert [labels_in(done.written[path][0]) for path in paths] == [{1}, {2}]
    assert sorted(path.name for path in (photos / "out").iterdir()) == [
        "x_2_labels.png",
        "x_2_overlay.png",
        "x_labels.png",
        "x_overlay.png",
    ]
    assert not done.bad
    assert done.images_per_second > 0


def test_stems_are_unique_where_the_file_system_ignores_case():
    paths = [Path(name) for name in ("a/x.jpg", "b/X.png", "c/x_2.png", "d/x.gif", "e/y.png")]
    stems = unique_stems(paths)
    assert stems == ["x", "X_3", "x_2", "x_4", "y"]
    assert len({stem.casefold() for stem in stems}) == len(paths)


def test_folder_gives_its_images_once_in_order(photos):
    Image.new("RGB", (3, 3)).save(photos / "one/a.JPG", format="jpeg")
    (photos / "one/notes.txt").write_text("")
    (photos / "one/.hidden.png").write_bytes(b"")
    done = segment_files(Segmenter(Corner()), [photos / "one", photos / "one/x.png"], photos / "out")
    assert [path.name for path in done.written] == ["a.JPG", "x.png"]


def test_first_bad_file_ends_the_work_and_is_named(photos):
    (photos / "bad.png").write_text("no image")
    paths = [photos / "one/x.png", photos / "bad.png", photos / "two/x.png"]
    with pytest.raises(ValueError, match=r"bad\.png cannot be read.* Or go on without it: --skip-bad"):
        segment_files(Segmenter(Corner()), paths, photos / "out")
    assert {path.name for path in (photos / "out").iterdir()} == {"x_labels.png", "x_overlay.png"}


@pytest.mark.parametrize("server", [{}, {"voc_results": True}])
def test_a_bad_first_file_leaves_no_folder(photos, server):
    (photos / "bad.png").write_text("no image")
    for there in (False, True):
        with pytest.raises(ValueError, match=r"bad\.png cannot be read"):
            segment_files(Segmenter(Pascal()), photos / "bad.png", photos / "new/a", labelme=photos / "new/b", **server)
        # One that was there stays.
        assert (photos / "new").exists() is there
        assert not list(photos.glob("new/*"))
        (photos / "new").mkdir(exist_ok=True)


def test_bad_files_are_skipped_and_listed(photos):
    (photos / "bad.png").write_text("no image")
    paths = [photos / "bad.png", photos / "one/x.png"]
    done = segment_files(Segmenter(Corner()), paths, photos / "out", skip_bad=True)
    assert list(done.written) == [photos / "one/x.png"]
    assert list(done.bad) == [photos / "bad.png"]
    assert "cannot be read" in done.bad[photos / "bad.png"]


def test_wrong_inputs(photos):
    segmenter = Segmenter(Corner())
    (photos / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty holds no image"):
        segment_files(segmenter, photos / "empty", photos / "out")
    with pytest.raises(ValueError, match="Received no image"):
        segment_files(segmenter, [], photos / "out")
    with pytest.raises(FileNotFoundError, match=r"There is no .*gone\.png"):
        segment_files(segmenter, [photos / "gone.png"], photos / "out")
    (photos / "file").write_text("")
    with pytest.raises(ValueError, match=r"Cannot write to .*file"):
        segment_files(segmenter, [photos / "one"], photos / "file")


class Street(Corner):
    """Knows Cityscapes' classes."""

    labels = label_spec("cityscapes")


def test_ids_for_the_server_of_cityscapes(photos):
    frame = photos / "two" / "berlin_000000_000019_leftImg8bit.png"
    Image.new("RGB", (8, 6), (18, 0, 0)).save(frame)
    done = segment_files(Segmenter(Street()), [photos / "one", frame], photos / "out", cityscapes_ids=True)
    assert sorted(path.name for path in (photos / "out").iterdir()) == [frame.name, "x.png"]
    assert [path.name for path in done.written[frame]] == [frame.name]
    with Image.open(done.written[frame][0]) as image:
        assert (image.mode, image.size) == ("L", (8, 6))
    # Train ids 1 (sidewalk) and 18 (bicycle) have the label ids 8 and 33.
    assert labels_in(photos / "out" / "x.png") == {8}
    assert labels_in(photos / "out" / frame.name) == {33}


class Pascal(Corner):
    """Knows PASCAL VOC's classes."""

    labels = label_spec("pascal_voc")


def test_results_for_the_server_of_pascal_voc(photos):
    Image.new("RGB", (8, 6), (15, 0, 0)).save(photos / "two" / "2008_000006.png")
    done = segment_files(Segmenter(Pascal()), photos / "two" / "2008_000006.png", photos / "out", voc_results=True)
    file = photos / "out/results/VOC2012/Segmentation/comp6_test_cls/2008_000006.png"
    assert [path for path in (photos / "out").rglob("*") if path.is_file()] == [file]
    assert list(done.written.values()) == [(file,)]
    with Image.open(file) as image:
        assert (image.mode, image.size) == ("P", (8, 6))
        # The devkit's colour of a person.
        assert image.convert("RGB").getpixel((0, 0)) == (192, 128, 128)
    assert labels_in(file) == {15}
    with pytest.raises(ValueError, match="PASCAL VOC's server takes 21 classes; corner has 3"):
        segment_files(Segmenter(Corner()), photos / "one", photos / "other", voc_results=True)
    with pytest.raises(ValueError, match="cityscapes_ids and voc_results; each server has its own"):
        segment_files(Segmenter(Pascal()), photos / "one", photos / "other", cityscapes_ids=True, voc_results=True)


def test_other_classes_have_no_ids_of_cityscapes(photos):
    with pytest.raises(ValueError, match="takes 19 classes; corner has 3"):
        segment_files(Segmenter(Corner()), photos / "one", photos / "out", cityscapes_ids=True)
    assert not (photos / "out").exists()


def test_a_folder_is_not_segmented_twice(photos, caplog):
    caplog.set_level("INFO", "deeplab_tf")
    folder = photos / "one"
    first = segment_files(Segmenter(Corner()), folder, folder)
    assert len(first.written) == 1
    second = segment_files(Segmenter(Corner()), folder, folder)
    assert list(second.written) == list(first.written) == [folder / "x.png"]
    assert sorted(path.name for path in folder.iterdir()) == ["x.png", "x_labels.png", "x_overlay.png"]
    assert "one: 2 label images and overlays left out" in caplog.text


def test_images_of_folders_within_are_told_and_left_out(tmp_path, caplog):
    caplog.set_level("INFO", "deeplab_tf")
    for name in ("x.png", "trip/y.png", "out/x_overlay.png", "notes/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 6)).save(tmp_path / name, format="PNG")
    assert find_images(tmp_path) == [tmp_path / "x.png"]
    assert caplog.messages == [
        f"{tmp_path}: the images of folders within it are left out; give {tmp_path / 'trip'} as well"
    ]
    caplog.clear()
    assert find_images([tmp_path, tmp_path / "trip"]) == [tmp_path / "x.png", tmp_path / "trip" / "y.png"]
    assert not caplog.messages
    (tmp_path / "x.png").unlink()
    with pytest.raises(ValueError, match=r"holds no image; give .*trip\.$"):
        find_images(tmp_path)


def test_only_what_has_its_image_beside_it_counts_as_an_output(photos):
    folder = photos / "one"
    for name in ("x_2_labels.png", "y_overlay.png", "labels.png", "_labels.png"):
        Image.new("RGB", (8, 6)).save(folder / name)
    assert [path.name for path in find_images(folder)] == ["_labels.png", "labels.png", "x.png", "y_overlay.png"]
    assert find_images(folder / "x_2_labels.png") == [folder / "x_2_labels.png"]


def test_an_output_never_replaces_an_image(photos):
    class City(Corner):
        labels = label_spec("cityscapes")

    before = (photos / "one/x.png").read_bytes()
    with pytest.raises(ValueError, match=r"one/x\.png is one of the images and would be replaced. Give another"):
        segment_files(Segmenter(City()), photos / "one", photos / "one", cityscapes_ids=True)
    assert (photos / "one/x.png").read_bytes() == before


@pytest.mark.parametrize("legend", [False, True])
def test_overlays_have_the_size_of_the_image_or_a_legend(photos, legend):
    done = segment_files(Segmenter(Corner()), photos / "one/x.png", photos / "out", legend=legend)
    with Image.open(done.written[photos / "one/x.png"][1]) as image:
        assert (image.size == (8, 6)) != legend
