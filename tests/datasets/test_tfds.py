"""`tfds.load` of every builder on tiny data in the true layouts, compared with an independent reading."""

import importlib
import sys

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import evaluation_images, training_batches
from deeplab_tf.labels import label_spec
from harness.stored_records import random_ids, save_image, save_mask

tfds = pytest.importorskip("tensorflow_datasets")

from deeplab_tf.datasets.tfds import FolderConfig  # noqa: E402 (registers the builders)


def make_voc(root):
    lists = root / "VOC2012" / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    for split, names in (("train", "ab"), ("val", "c"), ("train_aug", "abd")):
        (lists / f"{split}.txt").write_text("\n".join(names))
    images, masks = {}, {}
    for seed, name in enumerate("abcd"):
        images[name] = save_image(root / "VOC2012" / "JPEGImages" / f"{name}.jpg", seed)
        masks[name] = random_ids(seed, [*range(21), 255])
        for folder in ("SegmentationClass", "SegmentationClassAug"):
            if folder.endswith("Aug") or name != "d":
                save_mask(root / "VOC2012" / folder / f"{name}.png", masks[name])
    return images, masks, {"train": "ab", "val": "c", "train_aug": "abd"}


def make_cityscapes(root):
    images, masks, splits = {}, {}, {"train": ["aachen_000000_000019"], "val": ["lindau_000000_000019"]}
    for seed, (split, (name,)) in enumerate(splits.items()):
        city = name.split("_")[0]
        images[name] = save_image(root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", seed)
        labels = random_ids(seed, [0, 4, 7, 8, 26, 33])
        save_mask(root / "gtFine" / split / city / f"{name}_gtFine_labelIds.png", labels)
        # Train ids of the table in cityscapesScripts.
        masks[name] = np.select([labels == 7, labels == 8, labels == 26, labels == 33], [0, 1, 13, 18], 255)
    return images, masks, splits


def make_ade20k(root):
    images, masks, splits = {}, {}, {"train": ["ADE_train_00000001"], "val": ["ADE_val_00000001"]}
    for seed, (folder, (name,)) in enumerate(zip(("training", "validation"), splits.values())):
        images[name] = save_image(root / "ADEChallengeData2016" / "images" / folder / f"{name}.jpg", seed)
        masks[name] = random_ids(seed, range(151))
        save_mask(root / "ADEChallengeData2016" / "annotations" / folder / f"{name}.png", masks[name])
    return images, masks, splits


def make_camvid(root):
    images, masks, splits = {}, {}, {"train": ["0001TP_006690"], "val": ["0016E5_07959"], "test": ["0001TP_008550"]}
    for seed, (split, (name,)) in enumerate(splits.items()):
        images[name] = save_image(root / split / f"{name}.png", seed)
        masks[name] = random_ids(seed, range(12))
        save_mask(root / f"{split}annot" / f"{name}.png", masks[name])
    return images, masks, splits


MADE = {
    "pascal_voc": ("deeplab_voc", make_voc),
    "cityscapes": ("deeplab_cityscapes", make_cityscapes),
    "ade20k": ("deeplab_ade20k", make_ade20k),
    "camvid": ("deeplab_camvid", make_camvid),
}


def load(name, manual, data_dir, **options):
    config = tfds.download.DownloadConfig(manual_dir=str(manual))
    options |= {"data_dir": str(data_dir), "download_and_prepare_kwargs": {"download_config": config}}
    return tfds.load(name, with_info=True, **options)


def check(data, images, masks, splits):
    assert set(data) == set(splits)
    for split, names in splits.items():
        found = {example["filename"].decode(): example for example in data[split].as_numpy_iterator()}
        assert sorted(found) == sorted(names)
        for name, example in found.items():
            expected = np.asarray(Image.open(images[name]).convert("RGB"), int)
            # TFDS lets TensorFlow choose how JPEG is decoded, and it takes the quick way.
            assert np.abs(example["image"] - expected).max() <= (0 if images[name].suffix == ".png" else 20)
            assert example["label"].dtype == np.uint8
            np.testing.assert_array_equal(example["label"][..., 0], masks[name])


@pytest.mark.parametrize("labels", MADE)
def test_examples_are_those_of_the_files(labels, tmp_path):
    name, make = MADE[labels]
    images, masks, splits = make(tmp_path / "manual")
    data, info = load(name, tmp_path / "manual", tmp_path / "tfds")
    check(data, images, masks, splits)
    spec = label_spec(labels)
    assert info.metadata["labels"] == spec.to_dict()
    assert info.features["label"].names == list(spec.names)
    assert "apache_beam" not in sys.modules


@pytest.fixture
def folders(tmp_path):
    """Five images of three classes and the arguments that name them."""
    images, masks = {}, {}
    for index in range(5):
        images[str(index)] = save_image(tmp_path / "images" / f"{index}.png", index)
        masks[str(index)] = random_ids(index, [0, 1, 2, 255])
        save_mask(tmp_path / "masks" / f"{index}.png", masks[str(index)])
    (tmp_path / "names.txt").write_text("ground 1 2 3\nroad\nroof\n")
    config = FolderConfig(
        "mine", images=tmp_path / "images", masks=tmp_path / "masks", labels=tmp_path / "names.txt", val_share=0.4
    )
    return images, masks, config


def test_a_folder_is_divided_and_serves_the_pipeline(folders, tmp_path):
    images, masks, config = folders
    builder = tfds.builder("deeplab_folder", data_dir=str(tmp_path / "tfds"), config=config)
    with pytest.raises(ValueError, match="no split 'train' of the TFDS data set deeplab_folder/mine.*download_and_pre"):
        training_batches(builder, batch_size=2)
    builder.download_and_prepare()
    assert (builder.info.splits["train"].num_examples, builder.info.splits["val"].num_examples) == (3, 2)
    again = tfds.builder_from_directory(builder.info.data_dir)
    for example in evaluation_images(again, "val").as_numpy_iterator():
        name = example["filename"].decode()
        np.testing.assert_array_equal(example["image"], np.asarray(Image.open(images[name])))
        np.testing.assert_array_equal(example["label"], masks[name])
    assert again.info.metadata["labels"]["names"] == ["ground", "road", "roof"]
    options = {"batch_size": 2, "crop_size": (20, 20), "seed": 3}
    batches = list(training_batches(again, **options).take(4).as_numpy_iterator())
    resumed = training_batches(again, start_step=2, **options).take(2).as_numpy_iterator()
    for one, other in zip(batches[2:], resumed, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    # As pairs, the data set is a plain tf.data.Dataset.
    pairs = again.as_dataset(split="train", as_supervised=True)
    assert training_batches(pairs, labels=3, batch_size=2).element_spec[0].shape == (2, 257, 257, 3)


def test_bad_pairs_and_missing_folders_are_named(folders, tmp_path):
    _, _, config = folders
    (tmp_path / "masks" / "3.png").unlink()
    with pytest.raises(ValueError, match=r"3\.png is missing; it should be the mask"):
        tfds.load("deeplab_folder", data_dir=str(tmp_path / "tfds"), builder_kwargs={"config": config})
    assert not list((tmp_path / "tfds").rglob("*.tfrecord*"))
    with pytest.raises(ValueError, match=r"needs to know its folders; received config=None. Give builder_kwargs"):
        tfds.builder("deeplab_folder", data_dir=str(tmp_path))
    with pytest.raises(ValueError, match="has no ImageSets/Segmentation folder"):
        load("deeplab_voc", tmp_path, tmp_path / "voc")


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    monkeypatch.delitem(sys.modules, "deeplab_tf.datasets.tfds")
    with pytest.raises(ImportError, match=r"pip install 'deeplab-tf\[tfds\]'"):
        importlib.import_module("deeplab_tf.datasets.tfds")


@pytest.mark.shared
def test_real_images_load(shared, tmp_path):
    voc, camvid = shared / "data" / "voc2012", shared / "data" / "camvid"
    lists = tmp_path / "voc" / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    splits = {}
    for split in ("train", "val"):
        splits[split] = (voc / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()[:4]
        (lists / f"{split}.txt").write_text("\n".join(splits[split]))
    for folder in ("JPEGImages", "SegmentationClass"):
        (tmp_path / "voc" / folder).symlink_to(voc / folder)
    names = splits["train"] + splits["val"]
    masks = {name: np.asarray(Image.open(voc / "SegmentationClass" / f"{name}.png")) for name in names}
    images = {name: voc / "JPEGImages" / f"{name}.jpg" for name in names}
    check(load("deeplab_voc", tmp_path / "voc", tmp_path / "tfds")[0], images, masks, splits)
    builder = tfds.builder("deeplab_voc", data_dir=str(tmp_path / "tfds"))
    for example in evaluation_images(builder, "val").as_numpy_iterator():
        path = images[example["filename"].decode()]
        np.testing.assert_array_equal(example["image"], np.asarray(Image.open(path)))
    for split in ("train", "val"):
        files = sorted((camvid / split).iterdir())[:4]
        for path in (*files, *(camvid / f"{split}annot" / f"{file.stem}.png" for file in files)):
            copy = tmp_path / "camvid" / path.parent.name / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(path)
    found = load("deeplab_camvid", tmp_path / "camvid", tmp_path / "tfds", split="val")[0].as_numpy_iterator()
    for example in found:
        mask = Image.open(camvid / "valannot" / f"{example['filename'].decode()}.png")
        np.testing.assert_array_equal(example["label"][..., 0], np.asarray(mask))
