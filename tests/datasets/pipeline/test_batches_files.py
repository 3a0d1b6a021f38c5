"""The names of the images in a batch of training."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import batch_files, convert_folder, open_data, open_dataset, training_batches


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seven images, of which image k has the one value 10 k, and their masks."""
    root = tmp_path_factory.mktemp("grey")
    for name in ("images", "masks"):
        (root / name).mkdir()
    for number in range(1, 8):
        Image.new("RGB", (40, 30), (10 * number,) * 3).save(root / "images" / f"photo {number} é.png")
        Image.new("L", (40, 30), 1).save(root / "masks" / f"photo {number} é.png")
    convert_folder(root / "images", root / "masks", root / "records", labels=2, shards=3, workers=1)
    return root


def seen(dataset, **settings):
    """The names of the images in each batch, by their values."""
    batches = training_batches(dataset, crop_size=(33, 33), **settings)
    for images, labels in batches.take(5).as_numpy_iterator():
        values = [image[label != 255].mean() for image, label in zip(images, labels)]
        yield [f"photo {round(value / 10)} é" for value in values]


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 3},
        {"batch_size": 4, "seed": 5, "shuffle_buffer": 2},
        {"batch_size": 3, "seed": 2, "image_weights": np.arange(7.0)},
    ],
    ids=range(3),
)
@pytest.mark.parametrize("kind", ["records", "files"])
def test_they_are_those_of_the_batch(folder, kind, settings):
    data = open_data(folder / "images", masks=folder / "masks", labels=2, val_share=0)
    with data as files:
        dataset = files if kind == "files" else open_dataset(folder / "records")
        names = [batch_files(dataset, number, **settings) for number in range(5)]
        assert names == list(seen(dataset, **settings))
        if kind == "files":
            names = [[str(folder / "images" / f"{name}.png") for name in batch] for batch in names]
        assert [batch_files(dataset, number, **settings, paths=True) for number in range(5)] == names


def test_no_image_is_decoded_for_it(folder, tmp_path):
    with open_data(folder / "images", masks=folder / "masks", labels=2, val_share=0) as data:
        for path in (folder / "images").iterdir():
            path.rename(tmp_path / path.name)
        try:
            assert len(batch_files(data, 0, batch_size=3)) == 3
        finally:
            for path in tmp_path.iterdir():
                path.rename(folder / "images" / path.name)
