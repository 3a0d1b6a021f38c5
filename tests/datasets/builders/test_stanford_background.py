import numpy as np
import pytest

from deeplab_tf.datasets import convert_stanford_background
from deeplab_tf.datasets.builders.stanford_background import stanford_background_pairs
from harness.stored_records import check_stored, random_ids, save_image, stored

NAMES = [f"{7000 + 13 * index}" for index in range(10)]


def regions(name):
    """What the file holds: -1 is unknown."""
    return random_ids(int(name), range(9)).astype(int) - 1


@pytest.fixture
def root(tmp_path):
    """iccv09Data as it is unpacked."""
    root = tmp_path / "iccv09Data"
    (root / "labels").mkdir(parents=True)
    for name in NAMES:
        save_image(root / "images" / f"{name}.jpg", int(name))
        np.savetxt(root / "labels" / f"{name}.regions.txt", regions(name), "%d")
        np.savetxt(root / "labels" / f"{name}.surfaces.txt", np.zeros((24, 31)), "%d")
        np.savetxt(root / "labels" / f"{name}.layers.txt", np.zeros((24, 31)), "%d")
    (root / "horizons.txt").write_text("7000 320 240 118\n")
    return root


@pytest.mark.parametrize("above", [False, True])
def test_pixels_of_both_splits(root, tmp_path, above):
    found = []
    for split, count in (("train", 8), ("val", 2)):
        report = convert_stanford_background(root.parent if above else root, split, tmp_path / "out", workers=1)
        assert report.images == {split: count}
        names = sorted(stored(report.path, split))
        found += names
        check_stored(
            report.path,
            split,
            {name: root / "images" / f"{name}.jpg" for name in names},
            {name: np.where(regions(name) < 0, 255, regions(name)) for name in names},
        )
    assert sorted(found) == NAMES


def test_seed_draws_another_division(root, tmp_path):
    folds = [
        tuple(stored(convert_stanford_background(root, "val", tmp_path / str(seed), seed=seed, workers=1).path, "val"))
        for seed in range(4)
    ]
    assert len(set(folds)) > 1


def test_published_numbers(tmp_path):
    for folder, ending in (("images", ".jpg"), ("labels", ".regions.txt")):
        (tmp_path / folder).mkdir()
        for index in range(715):
            (tmp_path / folder / f"{index:07d}{ending}").touch()
    assert [len(stanford_background_pairs(tmp_path, split)) for split in ("train", "val")] == [572, 143]


def convert_both(root, output):
    """The images are divided by chance: a file is in one of the splits."""
    for split in ("train", "val"):
        convert_stanford_background(root, split, output, workers=1)


@pytest.mark.parametrize(
    "text, message",
    [
        ("0 1\n2\n", "cannot be read as a matrix of whole numbers"),
        ("0 grass\n", "cannot be read as a matrix of whole numbers"),
        ("0 1\n" + "9" * 5000 + " 0\n", "cannot be read as a matrix of whole numbers"),
        ("", "holds no values"),
        ("0 8\n", "holds values from 0 to 8; expected region classes 0-7 or -1"),
        ("0 1\n2 3\n", r"has 2x2 pixels but its image .*7000\.jpg has 31x24"),
    ],
)
def test_bad_regions_are_named(root, tmp_path, text, message):
    (root / "labels" / "7000.regions.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"1 of \d pairs are bad: .*7000\.regions\.txt {message}"):
        convert_both(root, tmp_path / "out")


def test_missing_halves_are_named(root, tmp_path):
    (root / "images" / "7000.jpg").unlink()
    (root / "labels" / "7013.regions.txt").unlink()
    messages = []
    for split in ("train", "val"):
        try:
            convert_stanford_background(root, split, tmp_path / "out", workers=1)
        except ValueError as error:
            messages.append(str(error))
    assert "7000.jpg is missing" in "".join(messages)
    assert "7013.regions.txt is missing" in "".join(messages)


def test_wrong_folder_and_arguments(root, tmp_path):
    with pytest.raises(ValueError, match=r"labels has no images/\*\.jpg and labels"):
        convert_stanford_background(root / "labels", "train", tmp_path / "out")
    with pytest.raises(ValueError, match="split must be one of .*received 'test'"):
        convert_stanford_background(root, "test", tmp_path / "out")
    with pytest.raises(ValueError, match="val_share must be a number above 0 and below 1; received 0"):
        convert_stanford_background(root, "train", tmp_path / "out", val_share=0)
