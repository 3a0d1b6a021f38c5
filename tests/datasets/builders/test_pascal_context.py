"""PASCAL-Context's layout: MATLAB files and labels.txt beside the devkit of VOC 2010."""

import pickle

import numpy as np
import pytest
import scipy.io
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import (
    Augmentation,
    convert_pascal_context,
    count_classes,
    evaluation_images,
    inspect_dataset,
    open_dataset,
    training_batches,
)
from deeplab_tf.datasets.builders.pascal_context import pascal_context_pairs

H, W = 24, 37
# Ids for the 59 names, ascending as in the data set; only the files that this test writes depend on them.
IDS = {
    "aeroplane": 2, "bag": 9, "bed": 18, "bedclothes": 19, "bench": 22, "bicycle": 23, "bird": 25, "boat": 31,
    "book": 33, "bottle": 34, "building": 44, "bus": 45, "cabinet": 46, "car": 59, "cat": 65, "ceiling": 68,
    "chair": 72, "cloth": 80, "computer": 85, "cow": 98, "cup": 104, "curtain": 105, "dog": 113, "door": 115,
    "fence": 144, "floor": 158, "flower": 159, "food": 162, "grass": 187, "ground": 189, "horse": 207, "keyboard": 220,
    "light": 232, "motorbike": 258, "mountain": 259, "mouse": 260, "person": 284, "plate": 295, "platform": 296,
    "pottedplant": 308, "road": 324, "rock": 326, "sheep": 347, "shelves": 349, "sidewalk": 354, "sign": 355,
    "sky": 360, "snow": 366, "sofa": 368, "table": 397, "track": 415, "train": 416, "tree": 420, "truck": 424,
    "tvmonitor": 427, "wall": 440, "water": 445, "window": 454, "wood": 458,
}  # fmt: skip
NAMES = sorted(IDS, key=IDS.get)


def names_459():
    """A labels.txt: the 59 names at their ids, one of them with a blank as in some copies, and made-up ones."""
    spelling = {number: name for name, number in IDS.items()} | {IDS["pottedplant"]: "potted plant"}
    return [spelling.get(number, f"thing {number}") for number in range(1, 460)]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "context"
    devkit = root / "VOCdevkit" / "VOC2010"
    for folder in (root / "trainval", devkit / "JPEGImages", devkit / "ImageSets" / "Main"):
        folder.mkdir(parents=True)
    lines = [f"{number}: {name}" for number, name in enumerate(names_459(), start=1)]
    (root / "labels.txt").write_text("\n".join(lines) + "\n")
    (devkit / "ImageSets" / "Main" / "train.txt").write_text("2008_000008\n2008_000002\n")
    (devkit / "ImageSets" / "Main" / "cat_train.txt").write_text("2008_000008  1\n")
    rng = np.random.default_rng(0)
    for name in ("2008_000002", "2008_000008"):
        Image.fromarray(rng.integers(0, 256, (H, W, 3), dtype=np.uint8)).save(devkit / "JPEGImages" / f"{name}.jpg")
        ids = rng.choice(np.array([0, 1, 459, 257, *IDS.values()], np.uint16), (H, W))
        scipy.io.savemat(root / "trainval" / f"{name}.mat", {"LabelMap": ids}, do_compression=True)
    return root


def convert(root, **options):
    report = convert_pascal_context(root, "train", root / "out", workers=1, **options)
    return report, list(evaluation_images(open_dataset(report.path), "train").as_numpy_iterator())


def expected(root, name, first, other):
    """The label ids, class by class."""
    ids = scipy.io.loadmat(root / "trainval" / f"{name}.mat")["LabelMap"]
    mask = np.full((H, W), other)
    for value, class_name in enumerate(NAMES, start=first):
        mask[ids == IDS[class_name]] = value
    return mask


@pytest.mark.parametrize("options, first, other", [({}, 1, 0), ({"classes": 59}, 0, 255)])
def test_frequent_classes(root, options, first, other):
    report, examples = convert(root, **options)
    assert report.labels.names == (("background",) if first else ()) + tuple(NAMES)
    assert [example["filename"] for example in examples] == [b"2008_000008", b"2008_000002"]
    for example in examples:
        name = example["filename"].decode()
        np.testing.assert_array_equal(example["label"], expected(root, name, first, other))
        jpeg = root / "VOCdevkit" / "VOC2010" / "JPEGImages" / f"{name}.jpg"
        np.testing.assert_array_equal(example["image"], np.asarray(Image.open(jpeg)))


def test_command(root, capsys):
    arguments = ["--root", root, "--split", "train", "--output", root / "out", "--workers", 1, "--classes", 59]
    assert main(["convert", "pascal_context", *map(str, arguments)]) == 0
    assert "train 2 images; 59 classes (aeroplane, bag" in capsys.readouterr().out


def test_devkit_elsewhere_and_the_list_of_other_toolkits(root, tmp_path):
    moved = (root / "VOCdevkit" / "VOC2010").rename(tmp_path / "voc")
    (moved / "ImageSets" / "SegmentationContext").mkdir()
    (moved / "ImageSets" / "SegmentationContext" / "train.txt").write_text("2008_000002\n")
    with pytest.raises(ValueError, match="no JPEGImages and ImageSets of PASCAL VOC 2010"):
        pascal_context_pairs(root, "train")
    (pair,), _ = pascal_context_pairs(root, "train", voc=moved)
    pair = pickle.loads(pickle.dumps(pair))
    np.testing.assert_array_equal(pair.read(pair.mask), expected(root, "2008_000002", 1, 0))


def test_another_labels_file(root):
    (root / "labels.txt").write_text("1: aeroplane\n2: bicycle\n")
    with pytest.raises(ValueError, match=r"labels\.txt is another file: .* it has 2 ids and lacks \['bag'"):
        convert(root)
    (root / "labels.txt").write_text("\n".join(names_459()))
    with pytest.raises(ValueError, match=r"labels\.txt cannot be read as a file of lines such as '2: aeroplane'"):
        convert(root)
    (root / "labels.txt").unlink()
    with pytest.raises(ValueError, match=r"labels\.txt is missing"):
        convert(root)


@pytest.mark.parametrize("name", ["labels.txt", "ImageSets/Main/train.txt"])
def test_list_in_another_code_page_is_named(root, name):
    (path,) = (one for one in root.rglob("*.txt") if one.as_posix().endswith(name))
    path.write_bytes("1: 行人\n".encode("gbk"))
    with pytest.raises(ValueError, match=rf"{name} cannot be read as"):
        convert(root)


def test_mat_of_another_layout_and_unknown_ids(root):
    path = root / "trainval" / "2008_000002.mat"
    scipy.io.savemat(path, {"anno": {"imname": "2008_000002"}})
    with pytest.raises(
        ValueError, match=r"1 of 2 pairs are bad: .*000002\.mat is a \.mat of another layout.*\['anno'\]"
    ):
        convert(root)
    scipy.io.savemat(path, {"LabelMap": np.full((H, W), 460, np.uint16)})
    with pytest.raises(ValueError, match=r"000002\.mat holds ids from 460 to 460; labels\.txt has 1 to 459"):
        convert(root)
    scipy.io.savemat(path, {"LabelMap": np.ones((W, H), np.uint16)})
    with pytest.raises(ValueError, match=r"000002\.mat has 24x37 pixels but its image"):
        convert(root)
    path.unlink()
    with pytest.raises(ValueError, match=r"000002\.mat is missing"):
        convert(root)


def test_missing_list_and_folder(root):
    with pytest.raises(ValueError, match=r"no list val\.txt .*it has \['train'\]"):
        convert_pascal_context(root, "val", root / "out")
    with pytest.raises(ValueError, match="one of 59, 60, 459; received 33"):
        convert(root, classes=33)
    (root / "trainval").rename(root / "elsewhere")
    with pytest.raises(ValueError, match="no folder trainval"):
        convert(root)


def test_all_459_classes_in_masks_of_16_bits(root):
    report, examples = convert(root, classes=459)
    assert (report.labels.names, report.labels.ignore_label) == (tuple(names_459()), 65535)
    for example in examples:
        ids = scipy.io.loadmat(root / "trainval" / f"{example['filename'].decode()}.mat")["LabelMap"]
        np.testing.assert_array_equal(example["label"], np.where(ids == 0, 65535, ids - 1), strict=True)
        assert example["label"].max() == 65535
        assert 458 in example["label"]


def test_459_classes_are_inspected_and_reach_training(root):
    report, examples = convert(root, classes=459)
    found = inspect_dataset(report.path)
    expected = sum(np.bincount(example["label"].ravel(), minlength=65536) for example in examples)
    assert found.class_pixels == tuple(expected[:459])
    assert found.ignore_pixels == expected[65535]
    dataset = open_dataset(report.path)
    counts = count_classes(dataset)
    np.testing.assert_array_equal(counts.pixels, expected[:459])
    options = {"crop_size": (H + 2, W), "augmentation": Augmentation(min_scale=1, max_scale=1, flip=False)}
    ((_, labels),) = training_batches(dataset, batch_size=2, **options).take(1).as_numpy_iterator()
    padded = sorted(np.pad(example["label"], ((0, 2), (0, 0)), constant_values=65535).tobytes() for example in examples)
    assert sorted(label.astype(np.uint16).tobytes() for label in labels) == padded
