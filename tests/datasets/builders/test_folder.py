import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_folder, evaluation_images, inspect_dataset, open_dataset
from deeplab_tf.labels import KNOWN


def filenames(dataset, split):
    return [example["filename"].decode() for example in evaluation_images(dataset, split).as_numpy_iterator()]


@pytest.mark.parametrize("workers", [1, 2])
def test_round_trip_pixel_for_pixel(folder, convert, workers):
    dataset = open_dataset(convert(folder, workers=workers, shards=2).path)
    examples = list(evaluation_images(dataset, "train").as_numpy_iterator())
    assert len(examples) == 3
    for index, example in enumerate(examples):
        np.testing.assert_array_equal(example["image"], np.asarray(Image.open(folder / "images" / f"{index}.png")))
        np.testing.assert_array_equal(example["label"], np.asarray(Image.open(folder / "masks" / f"{index}.png")))
        assert example["label"].dtype == np.uint8


def test_classes_are_counted_from_the_masks(folder, convert):
    assert convert(folder, labels=None).labels.names == ("class_0", "class_1", "class_2")


def test_a_second_split_takes_the_labels_that_are_there(folder, convert):
    convert(folder, labels=5)
    assert convert(folder, labels=None, split="val").labels.classes == 5


def test_known_and_named_labels(folder, convert, tmp_path):
    (tmp_path / "names.txt").write_text("sky\nroad 1 2 3\ncar\n")
    spec = convert(folder, labels=None, class_names=tmp_path / "names.txt").labels
    assert (spec.names, spec.colors[1]) == (("sky", "road", "car"), (1, 2, 3))
    with pytest.raises(ValueError, match="both class_names and labels"):
        convert(folder, class_names=tmp_path / "names.txt")
    assert open_dataset(tmp_path / "records").labels == spec


def test_another_ignore_label_than_the_labels_is_refused(folder, convert, tmp_path):
    for path in (folder / "masks").iterdir():
        Image.fromarray(np.asarray(Image.open(path)).clip(0, 254)).save(path)
    assert convert(folder, labels=5, ignore_label=254).labels.ignore_label == 254
    with pytest.raises(ValueError, match=r"ignore_label 0 contradicts the labels 'custom', which ignore 254\. Leave"):
        convert(folder, labels=None, split="val", ignore_label=0)
    with pytest.raises(ValueError, match=r"ignore_label 0 contradicts the labels 'pascal_voc', which ignore 255\."):
        convert(folder, labels="pascal_voc", ignore_label=0, overwrite=True)


def test_validation_share_is_drawn_by_the_seed(folder, convert):
    def divided(seed):
        dataset = open_dataset(convert(folder, val_share=0.34, seed=seed, overwrite=True).path)
        return filenames(dataset, "train"), filenames(dataset, "val")

    draws = [divided(seed) for seed in range(6)]
    for train, val in draws:
        assert (len(train), len(val)) == (2, 1)
        assert sorted(train + val) == ["0", "1", "2"]
    assert len({val[0] for _, val in draws}) > 1
    assert [divided(seed) for seed in range(6)] == draws


def test_folders_in_folders_and_other_files(folder, convert):
    for kind in ("images", "masks"):
        (folder / kind / "seq").mkdir()
        (folder / kind / "0.png").rename(folder / kind / "seq" / "0.png")
        (folder / kind / "Thumbs.db").write_bytes(b"?")
    assert filenames(open_dataset(convert(folder).path), "train") == ["1", "2", "seq/0"]


@pytest.mark.parametrize("kind, other", [("image", "mask"), ("mask", "image")])
def test_missing_half_is_reported(folder, convert, kind, other):
    (folder / f"{kind}s" / "1.png").unlink()
    with pytest.raises(
        ValueError, match=rf"1 of 3 pairs are bad: .*{kind}s/1\.\w+ is missing; it should be the {kind}"
    ):
        convert(folder)
    assert convert(folder, skip_bad=True).images == {"train": 2}


def test_two_images_of_one_name(folder, convert):
    Image.new("RGB", (61, 40)).save(folder / "images" / "0.bmp")
    with pytest.raises(ValueError, match=r"0\.bmp and .*0\.png have one name"):
        convert(folder)


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_empty_and_missing_folders(folder, convert, kind):
    for path in (folder / kind).iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=f"{kind} holds no images"):
        convert(folder)
    (folder / kind).rmdir()
    with pytest.raises(ValueError, match=f"{kind} is not a folder"):
        convert(folder)


def test_masks_of_16_bits(tmp_path):
    ids = np.random.default_rng(0).integers(0, 459, (40, 50)).astype(np.uint16)
    ids[0] = 65535
    for kind, pixels in (("images", np.zeros((40, 50, 3), np.uint8)), ("masks", ids)):
        (tmp_path / kind).mkdir()
        Image.fromarray(pixels).save(tmp_path / kind / "a.png")
    # Pillow 10 opens 16 bits as I, later ones as I;16.
    with pytest.raises(ValueError, match=r"a\.png is a I(;16)? image; .* 16-bit grey one for labels of more than 256"):
        convert_folder(tmp_path / "images", tmp_path / "masks", tmp_path / "out", labels=21)
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"thing {index}" for index in range(459)))
    arguments = ["--images", tmp_path / "images", "--masks", tmp_path / "masks", "--class-names", names]
    assert main(["convert", "folder", *map(str, arguments), "--output", str(tmp_path / "out")]) == 2
    arguments += ["--ignore-label", 65535, "--output", tmp_path / "out"]
    assert main(["convert", "folder", *map(str, arguments)]) == 0
    (example,) = evaluation_images(open_dataset(tmp_path / "out"), "train").as_numpy_iterator()
    np.testing.assert_array_equal(example["label"], ids)
    labels = open_dataset(tmp_path / "out").labels
    found = inspect_dataset(tmp_path / "images", masks=tmp_path / "masks", labels=labels)
    assert not found.errors
    np.testing.assert_array_equal(found.class_pixels, np.bincount(ids[1:].ravel(), minlength=459))


def test_one_class_is_too_few(folder, convert, tmp_path):
    for path in (folder / "masks").iterdir():
        size = Image.open(path).size
        Image.fromarray(np.full(size[::-1], [0, 255][path.stem == "1"], np.uint8)).save(path)
    with pytest.raises(ValueError, match=r"only \[0\] besides 255 .* at least 2 classes"):
        convert(folder, labels=None)
    with pytest.raises(ValueError, match="received 1. A single object of interest needs"):
        convert(folder, labels=1)
    with pytest.raises(ValueError, match=r"the values 0, 255, too far apart .* --ids 0,255"):
        convert(folder, labels=None, ignore_label=254)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"val_share": 1.0}, "val_share must be a number from 0 to below 1"),
        ({"val_share": 0.01}, "leaves a split empty"),
        ({"val_share": 0.5, "split": "val"}, "split 'val' too"),
        ({"labels": "nothing"}, "labels must be one of"),
    ],
)
def test_bad_arguments(folder, convert, options, message):
    with pytest.raises(ValueError, match=message):
        convert(folder, **options)


@pytest.mark.shared
def test_camvid_folder(shared, tmp_path):
    data = shared / "data" / "camvid"
    for kind, source in (("images", "val"), ("masks", "valannot")):
        (tmp_path / kind).mkdir()
        for path in sorted((data / source).iterdir())[:5]:
            (tmp_path / kind / path.name).symlink_to(path)
    report = convert_folder(tmp_path / "images", tmp_path / "masks", tmp_path / "out", split="val", labels="camvid")
    dataset = open_dataset(report.path)
    assert dataset.labels == KNOWN["camvid"]
    values = np.unique(np.stack([example["label"].numpy() for example in evaluation_images(dataset)]))
    assert values.max() == 11
