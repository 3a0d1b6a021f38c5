import numpy as np
import pytest

from deeplab_tf.datasets import cityscapes_eval_ids, convert_cityscapes
from deeplab_tf.datasets.builders.cityscapes import cityscapes_pairs
from deeplab_tf.labels import label_spec
from harness.stored_records import check_stored, random_ids, save_image, save_mask

# Name, label id and train id of every evaluated class, from the table of the data set's own scripts.
OFFICIAL = (
    ("road", 7, 0), ("sidewalk", 8, 1), ("building", 11, 2), ("wall", 12, 3), ("fence", 13, 4), ("pole", 17, 5),
    ("traffic light", 19, 6), ("traffic sign", 20, 7), ("vegetation", 21, 8), ("terrain", 22, 9), ("sky", 23, 10),
    ("person", 24, 11), ("rider", 25, 12), ("car", 26, 13), ("truck", 27, 14), ("bus", 28, 15), ("train", 31, 16),
    ("motorcycle", 32, 17), ("bicycle", 33, 18),
)  # fmt: skip
FRAMES = {
    "train": ("aachen/aachen_000000_000019", "ulm/ulm_000001_000019", "aachen/aachen_000001_000019"),
    "val": ("frankfurt/frankfurt_000000_000294",),
    "train_extra": ("konigswinter/konigswinter_000000_000000",),
}


def label_ids(frame):
    return random_ids(sum(map(ord, frame)), range(34))


def train_ids(frame):
    labels = label_ids(frame)
    ids = np.full(labels.shape, 255, np.uint8)
    for _, label, train in OFFICIAL:
        ids[labels == label] = train
    return ids


@pytest.fixture
def root(tmp_path):
    """The folders of the archives leftImg8bit, gtFine and gtCoarse, with labelIds only."""
    root = tmp_path / "cityscapes"
    for split, frames in FRAMES.items():
        for index, frame in enumerate(frames):
            save_image(root / "leftImg8bit" / split / f"{frame}_leftImg8bit.png", index)
            annotations = ("gtCoarse",) if split == "train_extra" else ("gtFine", "gtCoarse")
            for annotation in annotations:
                stem = root / annotation / split / f"{frame}_{annotation}"
                save_mask(stem.with_name(f"{stem.name}_labelIds.png"), label_ids(frame + annotation))
                stem.with_name(f"{stem.name}_polygons.json").write_text("{}")
                save_mask(stem.with_name(f"{stem.name}_instanceIds.png"), np.zeros((24, 31)))
    return root


def with_train_ids(root, split, frames):
    for frame in frames:
        save_mask(root / "gtFine" / split / f"{frame}_gtFine_labelTrainIds.png", train_ids(f"{frame}gtFine"))


def expected(root, split, annotation="gtFine"):
    """Images and masks by name, in the order of cities and names."""
    frames = sorted(FRAMES[split])
    images = {frame.split("/")[1]: root / "leftImg8bit" / split / f"{frame}_leftImg8bit.png" for frame in frames}
    return images, {frame.split("/")[1]: train_ids(frame + annotation) for frame in frames}


def test_names_are_those_of_the_official_table():
    assert label_spec("cityscapes").names == tuple(name for name, _, _ in OFFICIAL)


@pytest.mark.parametrize("ids", ["auto", "label"])
def test_label_ids_are_mapped(root, tmp_path, ids):
    report = convert_cityscapes(root, "train", tmp_path / "out", ids=ids, workers=1)
    assert report.images == {"train": 3}
    assert report.notes == ("train has 3 images; Cityscapes has 2975.",)
    check_stored(report.path, "train", *expected(root, "train"))


def test_train_ids_are_taken_where_all_images_have_them(root, tmp_path):
    with_train_ids(root, "train", FRAMES["train"][:1])
    assert {pair.mask.name.split("_")[-1] for pair in cityscapes_pairs(root, "train")} == {"labelIds.png"}
    with_train_ids(root, "train", FRAMES["train"])
    assert {pair.mask.name.split("_")[-1] for pair in cityscapes_pairs(root, "train")} == {"labelTrainIds.png"}
    report = convert_cityscapes(root, "train", tmp_path / "out", workers=1)
    check_stored(report.path, "train", *expected(root, "train"))


def test_coarse_annotations(root, tmp_path):
    report = convert_cityscapes(root, "train_coarse", tmp_path / "out", workers=1)
    images, masks = expected(root, "train", "gtCoarse")
    more_images, more_masks = expected(root, "train_extra", "gtCoarse")
    check_stored(report.path, "train_coarse", images | more_images, masks | more_masks)
    assert [pair.name for pair in cityscapes_pairs(root, "trainval")][-1] == "frankfurt_000000_000294"


def test_class_without_pixels_and_a_mask_of_void(root, tmp_path):
    frame = FRAMES["val"][0]
    save_mask(root / "gtFine" / "val" / f"{frame}_gtFine_labelIds.png", np.full((24, 31), 3))
    report = convert_cityscapes(root, "val", tmp_path / "out", workers=1)
    images, masks = expected(root, "val")
    check_stored(report.path, "val", images, {name: np.full((24, 31), 255) for name in masks})


def test_label_ids_in_a_file_of_train_ids_are_refused(root, tmp_path):
    with_train_ids(root, "train", FRAMES["train"])
    name = f"{FRAMES['train'][1]}_gtFine_labelTrainIds.png"
    save_mask(root / "gtFine" / "train" / name, np.array([[7, 23, 26]] * 24))
    with pytest.raises(ValueError, match=r"ulm_000001_000019_gtFine_labelTrainIds\.png holds \[23, 26\].*label ids"):
        convert_cityscapes(root, "train", tmp_path / "out", workers=1)


def test_train_ids_in_a_file_of_label_ids_are_refused(root, tmp_path):
    frame = FRAMES["val"][0]
    save_mask(root / "gtFine" / "val" / f"{frame}_gtFine_labelIds.png", train_ids(frame))
    with pytest.raises(ValueError, match=r"_labelIds\.png holds \[255\]; expected label ids 0-33"):
        convert_cityscapes(root, "val", tmp_path / "out", workers=1)


def test_missing_halves_are_named(root, tmp_path):
    (root / "leftImg8bit" / "train" / f"{FRAMES['train'][0]}_leftImg8bit.png").unlink()
    (root / "gtFine" / "train" / f"{FRAMES['train'][1]}_gtFine_labelIds.png").unlink()
    with pytest.raises(ValueError, match="2 of 3 pairs are bad") as caught:
        convert_cityscapes(root, "train", tmp_path / "out", workers=1)
    assert "aachen_000000_000019_leftImg8bit.png is missing" in str(caught.value)
    assert "ulm_000001_000019_gtFine_labelIds.png is missing" in str(caught.value)


def test_wrong_folders_and_arguments(root, tmp_path):
    with pytest.raises(ValueError, match=r"leftImg8bit/test has no CITY/\*_leftImg8bit\.png"):
        convert_cityscapes(root, "test", tmp_path / "out")
    with pytest.raises(ValueError, match=r"no train ids for 'val', such as .*_gtFine_labelTrainIds\.png, but label"):
        convert_cityscapes(root, "val", tmp_path / "out", ids="train")
    save_image(root / "leftImg8bit" / "test" / "berlin" / "berlin_000000_000019_leftImg8bit.png", 0)
    with pytest.raises(ValueError, match=r"gtFine has no \*_gtFine_labelIds\.png for 1 image of 'test'"):
        convert_cityscapes(root, "test", tmp_path / "out")
    with pytest.raises(ValueError, match="split must be one of .*received 'fine'"):
        convert_cityscapes(root, "fine", tmp_path / "out")
    with pytest.raises(ValueError, match="ids must be one of"):
        convert_cityscapes(root, "val", tmp_path / "out", ids="color")


def test_eval_ids_are_the_label_ids_of_the_official_table():
    train = np.array([[train for _, _, train in OFFICIAL] + [255]], np.int32)
    back = cityscapes_eval_ids(train)
    assert back.dtype == np.uint8
    assert back.tolist() == [[label for _, label, _ in OFFICIAL] + [0]]
    with pytest.raises(ValueError, match=r"ids \[-1, 19\]; expected Cityscapes' train ids"):
        cityscapes_eval_ids(np.array([19, -1, 3]))
