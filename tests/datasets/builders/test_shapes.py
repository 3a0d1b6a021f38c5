import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_folder, convert_shapes, draw_shapes
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.shapes import LABELS, draw_image
from harness.stored_records import stored


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_shapes(tmp_path_factory.mktemp("drawn") / "shapes", 8, size=(60, 90), seed=4)


def test_files_sizes_and_values(drawn):
    assert read_class_names(drawn / "class_names.txt").names == LABELS.names
    masks = sorted((drawn / "masks").iterdir())
    assert [path.stem for path in sorted((drawn / "images").iterdir())] == [path.stem for path in masks]
    values = set()
    for path in masks:
        mask, image = Image.open(path), Image.open(drawn / "images" / f"{path.stem}.jpg")
        assert (mask.mode, image.mode, mask.size) == ("P", "RGB", image.size)
        assert all(60 <= side <= 90 for side in mask.size)
        values |= set(np.unique(np.asarray(mask)))
    assert values == {0, 1, 2, 3, 4, 5, 255}


def test_void_separates_every_shape_from_the_ground():
    for seed in range(5):
        _, mask = draw_image(np.random.default_rng(seed), (60, 90))
        for first, second in ((mask[:, 1:], mask[:, :-1]), (mask[1:], mask[:-1])):
            touching = (first != second) & (first != 255) & (second != 255)
            assert not touching.any()


def test_shapes_are_more_vivid_than_the_ground():
    saturation = {"ground": [], "shape": []}
    for seed in range(30):
        image, mask = draw_image(np.random.default_rng(seed), (60, 90))
        spread = np.ptp(image.astype(int), axis=-1) / np.maximum(image.max(axis=-1), 1)
        saturation["ground"].append(spread[mask == 0].mean())
        saturation["shape"].append(spread[(mask > 0) & (mask < 255)].mean())
    assert np.mean(saturation["shape"]) > 1.5 * np.mean(saturation["ground"])


def test_seed_and_count(drawn, tmp_path):
    same = draw_shapes(tmp_path / "same", 2, size=(60, 90), seed=4)
    other = draw_shapes(tmp_path / "other", 2, size=(60, 90), seed=99)
    for name in ("00000.jpg", "00001.jpg"):
        assert (same / "images" / name).read_bytes() == (drawn / "images" / name).read_bytes()
        assert (other / "images" / name).read_bytes() != (drawn / "images" / name).read_bytes()


def test_shapes_convert(drawn, tmp_path):
    names = drawn / "class_names.txt"
    report = convert_folder(drawn / "images", drawn / "masks", tmp_path, val_share=0.25, class_names=names, workers=1)
    assert report.images == {"train": 6, "val": 2}


def test_shapes_are_drawn_and_converted_in_one_call(drawn, tmp_path):
    report = convert_shapes(tmp_path / "out", images=8, val_share=0.25, size=(60, 90), seed=4, workers=1)
    assert report.images == {"train": 6, "val": 2}
    assert report.labels == LABELS
    found = stored(report.path, "train") | stored(report.path, "val")
    assert sorted(found) == [f"{index:05d}" for index in range(8)]
    for name, (image, mask) in found.items():
        np.testing.assert_array_equal(image, np.asarray(Image.open(drawn / "images" / f"{name}.jpg")))
        np.testing.assert_array_equal(mask, np.asarray(Image.open(drawn / "masks" / f"{name}.png")))


def test_folder_with_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not an empty folder"):
        draw_shapes(tmp_path, 1)
    with pytest.raises(ValueError, match=r"Cannot write to .*mine\.txt"):
        draw_shapes(tmp_path / "mine.txt" / "below", 1)


@pytest.mark.parametrize("options", [{"count": 0}, {"count": 1, "size": (90, 60)}, {"count": 1, "size": (8, 60)}])
def test_bad_arguments(tmp_path, options):
    with pytest.raises(ValueError, match="received"):
        draw_shapes(tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()
