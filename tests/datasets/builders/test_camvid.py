import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_camvid
from deeplab_tf.datasets.builders.camvid import camvid_pairs
from harness.stored_records import check_stored, random_ids, save_image, save_mask

# CamVid's own label_colors.txt, and the class of the field's 11 that each line belongs to (11 is void).
LABEL_COLORS = """\
64 128 64\tAnimal
192 0 128\tArchway
0 128 192\tBicyclist
0 128 64\tBridge
128 0 0\t\tBuilding
64 0 128\tCar
64 0 192\tCartLuggagePram
192 128 64\tChild
192 192 128\tColumn_Pole
64 64 128\tFence
128 0 192\tLaneMkgsDriv
192 0 64\tLaneMkgsNonDriv
128 128 64\tMisc_Text
192 0 192\tMotorcycleScooter
128 64 64\tOtherMoving
64 192 128\tParkingBlock
64 64 0\t\tPedestrian
128 64 128\tRoad
128 128 192\tRoadShoulder
0 0 192\t\tSidewalk
192 128 128\tSignSymbol
128 128 128\tSky
64 128 192\tSUVPickupTruck
0 0 64\t\tTrafficCone
0 64 64\t\tTrafficLight
192 64 128\tTrain
128 128 0\tTree
192 128 192\tTruck_Bus
64 0 64\t\tTunnel
192 192 0\tVegetationMisc
0 0 0\t\tVoid
64 192 0\tWall
"""
NAMES = [line.split()[3] for line in LABEL_COLORS.splitlines()]
COLORS = np.array([line.split()[:3] for line in LABEL_COLORS.splitlines()], int)
ELEVEN = [9, 1, 10, 1, 1, 8, 9, 9, 2, 7, 3, 3, 6, 10, 8, 4, 9, 3, 4, 4, 6, 0, 8, 2, 6, 8, 5, 8, 1, 5, 11, 1]
FRAMES = {
    "train": ["0001TP_006690", "0001TP_008520", "0006R0_f00930", "0016E5_00390", "0016E5_08190"],
    "val": ["0016E5_07959", "0016E5_08159"],
    "test": ["0001TP_008550", "Seq05VD_f00000"],
}


def ids(name, classes=12):
    return random_ids(sum(map(ord, name)), range(classes))


@pytest.fixture
def segnet(tmp_path):
    """The SegNet tutorial's layout: a folder of images and one of grey ids a split, and lists."""
    root = tmp_path / "CamVid"
    for split, names in FRAMES.items():
        for name in names:
            save_image(root / split / f"{name}.png", sum(map(ord, name)))
            save_mask(root / f"{split}annot" / f"{name}.png", ids(name))
    return root


@pytest.fixture
def original(tmp_path):
    """The original's layout: all images, all colour masks."""
    root = tmp_path / "CamVid"
    root.mkdir()
    (root / "label_colors.txt").write_text(LABEL_COLORS)
    for name in [name for names in FRAMES.values() for name in names]:
        save_image(root / "701_StillsRaw_full" / f"{name}.png", sum(map(ord, name)))
        save_mask(root / "LabeledApproved_full" / f"{name}_L.png", COLORS[ids(name, 32)])
    return root


def check(report, split, folder, masks, suffix=".png"):
    check_stored(report.path, split, {name: folder / f"{name}{suffix}" for name in masks}, masks)


@pytest.mark.parametrize("split", FRAMES)
def test_segnet_layout(segnet, tmp_path, split):
    report = convert_camvid(segnet, split, tmp_path / "out", workers=1)
    assert (report.labels.classes, report.labels.ignore_label) == (11, 11)
    check(report, split, segnet / split, {name: ids(name) for name in FRAMES[split]})


def test_segnet_list_is_followed(segnet, tmp_path):
    lines = [
        f"/SegNet/CamVid/train/{name}.png /SegNet/CamVid/trainannot/{name}.png\n" for name in FRAMES["train"][::-1]
    ]
    (segnet / "train.txt").write_text("".join(lines))
    report = convert_camvid(segnet, "train", tmp_path / "out", workers=1)
    check(report, "train", segnet / "train", {name: ids(name) for name in FRAMES["train"][::-1]})
    (segnet / "val.txt").write_text("/SegNet/CamVid/val/0016E5_99999.png /SegNet/CamVid/valannot/0016E5_99999.png\n")
    with pytest.raises(ValueError, match=r"val/0016E5_99999\.png is missing"):
        convert_camvid(segnet, "val", tmp_path / "out", workers=1)


@pytest.mark.parametrize("split", FRAMES)
def test_original_layout_of_32_classes(original, tmp_path, split):
    report = convert_camvid(original, split, tmp_path / "out", classes=32, workers=1)
    assert report.labels.names == tuple(NAMES)
    assert report.labels.colors == tuple(map(tuple, COLORS.tolist()))
    assert report.labels.ignore_label == NAMES.index("Void")
    check(report, split, original / "701_StillsRaw_full", {name: ids(name, 32) for name in FRAMES[split]})


def test_32_classes_become_11(original, tmp_path):
    report = convert_camvid(original, "train", tmp_path / "out", workers=1)
    assert (report.labels.name, report.images) == ("camvid", {"train": len(FRAMES["train"])})
    masks = {name: np.array(ELEVEN, np.uint8)[ids(name, 32)] for name in FRAMES["train"]}
    check(report, "train", original / "701_StillsRaw_full", masks)


def test_colour_masks_in_folders_of_a_split(original, tmp_path):
    for name in FRAMES["train"]:
        (tmp_path / "other" / "train").mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / "train_labels").mkdir(exist_ok=True)
        for source, folder in (
            (f"701_StillsRaw_full/{name}.png", "train"),
            (f"LabeledApproved_full/{name}_L.png", "train_labels"),
        ):
            (original / source).rename(tmp_path / "other" / folder / source.split("/")[1])
    report = convert_camvid(tmp_path / "other", "train", tmp_path / "out", classes=32, workers=1)
    assert (report.labels.name, report.images) == ("camvid_32", {"train": len(FRAMES["train"])})
    check(report, "train", tmp_path / "other" / "train", {name: ids(name, 32) for name in FRAMES["train"]})


def test_unknown_colour_is_named(original, tmp_path):
    mask = COLORS[ids("0016E5_07959", 32)]
    mask[3, 4:6] = (1, 2, 3)
    save_mask(original / "LabeledApproved_full" / "0016E5_07959_L.png", mask)
    message = r"0016E5_07959_L\.png has 2 pixels of colours that are no class of camvid_32: \(1, 2, 3\)\."
    with pytest.raises(ValueError, match=message):
        convert_camvid(original, "val", tmp_path / "out", classes=32, workers=1)


def test_grey_masks_have_no_32_classes(segnet, tmp_path):
    with pytest.raises(ValueError, match="trainannot has grey masks, of 11 classes"):
        convert_camvid(segnet, "train", tmp_path / "out", classes=32)


def test_colours_under_the_name_of_grey_masks_are_refused(segnet, tmp_path):
    save_mask(segnet / "valannot" / "0016E5_07959.png", COLORS[ids("x", 32)])
    with pytest.raises(ValueError, match=r"valannot/0016E5_07959\.png is a RGB image"):
        convert_camvid(segnet, "val", tmp_path / "out", workers=1)


def test_missing_halves_are_named(segnet, tmp_path):
    (segnet / "train" / "0001TP_006690.png").unlink()
    (segnet / "trainannot" / "0006R0_f00930.png").unlink()
    with pytest.raises(ValueError, match=r"train/0001TP_006690\.png is missing.*trainannot/0006R0_f00930\.png is miss"):
        convert_camvid(segnet, "train", tmp_path / "out", workers=1)


def test_undivided_folder_without_frames_of_a_split_is_named(tmp_path):
    for folder, name in (("images", "0016E5_07959.png"), ("labels", "0016E5_07959_L.png")):
        save_image(tmp_path / folder / name, 0)
    assert len(camvid_pairs(tmp_path, "val")) == 1
    with pytest.raises(ValueError, match=r"images has no images of the split 'train'"):
        camvid_pairs(tmp_path, "train")


def test_wrong_folders_and_arguments(segnet, tmp_path):
    with pytest.raises(ValueError, match="train has neither folders train and trainannot"):
        convert_camvid(segnet / "train", "train", tmp_path / "out")
    with pytest.raises(ValueError, match="split must be one of .*received 'all'"):
        convert_camvid(segnet, "all", tmp_path / "out")
    with pytest.raises(ValueError, match="classes must be one of 11, 32; received 12"):
        convert_camvid(segnet, "train", tmp_path / "out", classes=12)


@pytest.mark.shared
@pytest.mark.parametrize("split, count", [("train", 367), ("val", 101)])
def test_real_data(shared, tmp_path, split, count):
    source = shared / "data" / "camvid"
    names = sorted(path.stem for path in (source / split).iterdir())
    assert len(names) == count
    # The rule that divides the undivided original gives the tutorial's split.
    for folder, ending in (("images", ".png"), ("labels", "_L.png")):
        (tmp_path / folder).mkdir()
        for name in [path.stem for part in ("train", "val") for path in (source / part).iterdir()]:
            (tmp_path / folder / f"{name}{ending}").touch()
    assert [pair.name for pair in camvid_pairs(tmp_path, split)] == names
    masks = {name: np.asarray(Image.open(source / f"{split}annot" / f"{name}.png")) for name in names[::10]}
    for folder, suffix in ((split, ".jpg"), (f"{split}annot", ".png")):
        (tmp_path / "part" / folder).mkdir(parents=True)
        for name in masks:
            (tmp_path / "part" / folder / f"{name}{suffix}").symlink_to(source / folder / f"{name}{suffix}")
    report = convert_camvid(tmp_path / "part", split, tmp_path / "out", workers=2)
    check(report, split, source / split, masks, ".jpg")
