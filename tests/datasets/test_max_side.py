"""Large images in conversion and in the pipeline: scaled down, the image antialiased, masks by the nearest pixel."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf import datasets
from deeplab_tf.datasets import (
    Augmentation,
    convert_folder,
    evaluation_images,
    inspect_dataset,
    open_dataset,
    training_batches,
)
from deeplab_tf.datasets.pipeline.image_sizes import sampled_sizes
from deeplab_tf.datasets.records.record import read_size
from harness.tiny_model import photo

WHOLE = {"augmentation": Augmentation(min_scale=1.0, max_scale=1.0, flip=False), "batch_size": 1}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A large JPEG, a large PNG, and one that fits, with masks of coarse blocks."""
    folder = tmp_path_factory.mktemp("photos")
    for name, size in (("a.jpg", (120, 80)), ("b.png", (80, 120)), ("c.png", (30, 40))):
        for part in ("images", "masks"):
            (folder / part).mkdir(exist_ok=True)
        Image.fromarray(photo(*size)).save(folder / "images" / name, **({"quality": 95} if name == "a.jpg" else {}))
        mask = np.kron(np.arange(6, dtype=np.uint8).reshape(2, 3) % 3, np.ones((size[0] // 2, size[1] // 3), np.uint8))
        mask = np.pad(mask, [(0, size[0] - mask.shape[0]), (0, size[1] - mask.shape[1])], "edge")
        Image.fromarray(mask).save(folder / "masks" / f"{name[0]}.png")
    return folder


def converted(files, output, **options):
    convert_folder(files / "images", files / "masks", output, labels=3, **options)
    return open_dataset(output)


def shrunk(image, size):
    return np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR), int)


def test_conversion_scales_what_is_larger(files, tmp_path):
    plain, scaled = converted(files, tmp_path / "plain"), converted(files, tmp_path / "scaled", max_side=60)
    sizes = [(60, 40), (40, 60), (30, 40)]
    assert sampled_sizes(scaled, "train") == sizes
    pairs = zip(*(evaluation_images(dataset, "train").as_numpy_iterator() for dataset in (plain, scaled)))
    for (before, after), size, loss in zip(pairs, sizes, (3, 1, 0)):
        assert after["image"].shape == (*size, 3)
        assert after["label"].shape == size
        assert np.abs(after["image"] - shrunk(before["image"], size)).mean() <= loss
        assert set(np.unique(after["label"])) == set(np.unique(before["label"])) == {0, 1, 2}
        shares = [np.bincount(one["label"].ravel()) / one["label"].size for one in (before, after)]
        np.testing.assert_allclose(*shares, atol=0.03)


def test_jpeg_stays_jpeg_and_what_fits_stays_as_it_is(files, tmp_path):
    scaled = converted(files, tmp_path / "scaled", max_side=60)
    stored = []
    for record in tf.data.TFRecordDataset([str(file) for file in scaled.files("train")]):
        example = tf.train.Example.FromString(record.numpy())
        assert read_size(record) == tuple(
            example.features.feature[f"image/{side}"].int64_list.value[0] for side in ("height", "width")
        )
        stored.append(example.features.feature["image/encoded"].bytes_list.value[0])
    assert [content[:3] == b"\xff\xd8\xff" for content in stored] == [True, False, False]
    assert stored[2] == (files / "images/c.png").read_bytes()


def test_the_pipeline_scales_as_conversion_does(files, tmp_path):
    plain, scaled = converted(files, tmp_path / "plain"), converted(files, tmp_path / "scaled", max_side=60)
    options = {**WHOLE, "crop_size": (60, 60), "shuffle_buffer": 1}
    on_the_fly = training_batches(plain, max_side=60, **options).take(3).as_numpy_iterator()
    stored = training_batches(scaled, **options).take(3).as_numpy_iterator()
    for (image, label), (other, other_label) in zip(on_the_fly, stored):
        np.testing.assert_array_equal(label, other_label)
        # But for the second JPEG encoding.
        assert np.abs(image - other).mean() < 1.5


def test_wrong_sizes_are_refused(files, tmp_path):
    with pytest.raises(ValueError, match="max_side must be a side .* received 0"):
        converted(files, tmp_path / "none", max_side=0)
    with pytest.raises(ValueError, match="max_side must be a side .* received 'big'"):
        training_batches(converted(files, tmp_path / "plain"), max_side="big", **WHOLE)


@pytest.mark.parametrize("side, found", [(2100, True), (1900, False)])
def test_inspection_warns_of_large_photographs(tmp_path, side, found):
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    Image.new("RGB", (side, 20), (90, 20, 200)).save(tmp_path / "images/a.png")
    Image.fromarray(np.arange(side * 20).reshape(20, side).astype(np.uint8) % 2).save(tmp_path / "masks/a.png")
    inspection = inspect_dataset(tmp_path, labels=2)
    assert ("large_images" in inspection.by_kind()) == found
    assert ("--max-side" in inspection.table()) == found


def test_every_converter_of_files_takes_it():
    converters = [getattr(datasets, name) for name in datasets.__all__ if name.startswith("convert_")]
    taking = [set(inspect.signature(one).parameters) for one in converters]
    assert sum("skip_bad" in names for names in taking) >= 9
    assert all(("skip_bad" in names) == ("max_side" in names) for names in taking)
