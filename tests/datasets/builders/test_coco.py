"""COCO's layout with hand-drawn annotations; what every pixel must be is written out or worked out with NumPy."""

import json
import pickle
import sys

import numpy as np
import pycocotools.mask
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_coco, evaluation_images, open_dataset
from deeplab_tf.datasets.builders.coco import coco_pairs

CATEGORIES = [
    (1, "person"), (2, "bicycle"), (3, "car"), (4, "motorcycle"), (5, "airplane"), (6, "bus"), (7, "train"),
    (9, "boat"), (16, "bird"), (17, "cat"), (18, "dog"), (19, "horse"), (20, "sheep"), (21, "cow"), (22, "elephant"),
    (44, "bottle"), (62, "chair"), (63, "couch"), (64, "potted plant"), (67, "dining table"), (72, "tv"),
    (84, "book"),
]  # fmt: skip
PERSON, CAR, ELEPHANT, BOTTLE, TABLE, BOOK = 1, 3, 22, 44, 67, 84
H, W = 40, 60


def box(top, left, bottom, right):
    """The polygon around the pixels of these rows and columns, the last ones not among them."""
    return [left, top, right, top, right, bottom, left, bottom]


def columns_first(mask):
    """Uncompressed run lengths of a mask: down the columns, zeros first."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return {"counts": ([0] if flat[0] else []) + counts, "size": list(mask.shape)}


def crowd_mask():
    mask = np.zeros((H, W), np.uint8)
    mask[0:20, 40:60] = 1
    mask[5, 45] = 0
    return mask


def annotation(number, image, category, segmentation, **more):
    return {
        "id": number, "image_id": image, "category_id": category, "segmentation": segmentation, "iscrowd": 0,
        "area": 1.0, "bbox": [0, 0, 1, 1],
    } | more  # fmt: skip


def instances():
    return {
        "info": {},
        "licenses": [],
        "images": [
            {"id": number, "file_name": f"{number:012d}.jpg", "height": H, "width": W} for number in (9, 25, 30, 34)
        ],
        "annotations": [
            annotation(100, 9, BOTTLE, [box(10, 10, 20, 14)]),
            annotation(101, 9, TABLE, [box(5, 5, 35, 45)]),
            annotation(102, 9, PERSON, [box(0, 42, 12, 50), box(14, 42, 20, 50)]),
            annotation(103, 9, PERSON, columns_first(crowd_mask()), iscrowd=1),
            annotation(104, 9, BOOK, columns_first(crowd_mask()[::-1]), iscrowd=1),
            annotation(105, 9, ELEPHANT, [box(0, 0, 3, 60)]),
            # 25x40 = 1000 pixels, not more; and 1001 by one pixel of its own, covered twice.
            annotation(106, 25, CAR, [box(0, 0, 25, 40)]),
            annotation(107, 30, CAR, [box(0, 0, 25, 40)]),
            annotation(108, 30, CAR, [box(24, 39, 26, 40)]),
        ],
        "categories": [{"id": number, "name": name, "supercategory": "x"} for number, name in CATEGORIES],
    }


def expected_voc(image):
    mask = np.zeros((H, W), np.uint8)
    if image == 9:
        mask[crowd_mask() > 0] = 255
        mask[5:35, 5:45] = 11
        mask[0:12, 42:50] = mask[14:20, 42:50] = 15
        # The table of 1200 pixels lies below the persons (144) and the bottle (40), which the file lists first.
        mask[10:20, 10:14] = 5
    elif image in (25, 30):
        mask[0:25, 0:40] = 7
        mask[25, 39] = 7 if image == 30 else 0
    return mask


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "coco"
    (root / "train2017").mkdir(parents=True)
    (root / "annotations").mkdir()
    rng = np.random.default_rng(0)
    for number in (9, 25, 30, 34):
        pixels = rng.integers(0, 256, (H, W, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "train2017" / f"{number:012d}.jpg")
    write(root, instances())
    return root


def write(root, content, kind="instances"):
    (root / "annotations" / f"{kind}_train2017.json").write_text(json.dumps(content))


def convert(root, **options):
    report = convert_coco(root, "train", root / "out", **({"workers": 1} | options))
    examples = evaluation_images(open_dataset(report.path), "train").as_numpy_iterator()
    return report, {int(example["filename"]): example for example in examples}


def test_instances_become_voc_classes(root):
    report, found = convert(root)
    assert report.images == {"train": 2}
    assert report.labels.name == "pascal_voc"
    assert sorted(found) == [9, 30]
    for number, example in found.items():
        np.testing.assert_array_equal(example["label"], expected_voc(number))
        jpeg = np.asarray(Image.open(root / "train2017" / f"{number:012d}.jpg"))
        np.testing.assert_array_equal(example["image"], jpeg)


def test_filter_counts_covered_pixels_once_and_may_be_off(root):
    assert [pair.name for pair in coco_pairs(root, "train", min_pixels=1001)[0]] == ["000000000009"]
    assert len(coco_pairs(root, "train", min_pixels=999)[0]) == 3
    pairs, _ = coco_pairs(root, "train", min_pixels=0)
    for number, pair in zip((9, 25, 30, 34), pairs):
        pair = pickle.loads(pickle.dumps(pair))
        assert pair.mask == root / "annotations" / "instances_train2017.json"
        np.testing.assert_array_equal(pair.read(pair.mask), expected_voc(number))
    with pytest.raises(ValueError, match="none of the 4 images has more than 5000 pixels .*Lower min_pixels"):
        coco_pairs(root, "train", min_pixels=5000)


def test_all_categories_in_the_order_of_their_ids(root):
    write(root, instances() | {"categories": instances()["categories"][::-1]})
    pairs, labels = coco_pairs(root, "train", classes="all")
    assert labels.names == ("background", *(name for _, name in CATEGORIES))
    mask = pairs[0].read(pairs[0].mask)
    assert len(pairs) == 4
    assert set(np.unique(mask)) == {
        0,
        255,
        *(labels.names.index(n) for n in ("bottle", "dining table", "person", "elephant")),
    }
    assert mask[30, 50] == 255, "a crowd of books, where books are a class"
    assert mask[2, 4] == labels.names.index("elephant")


def test_polygons_and_compressed_runs(root):
    """A triangle's pixels, worked out from the half-open pixel centres, and the same as COCO's compressed string."""
    content = instances()
    # COCO's coding of the runs 5, 1, 2394: five bits a character from '0' up, bit 5 where more follow.
    content["annotations"] = [annotation(1, 34, CAR, {"counts": "51jZ2", "size": [H, W]})]
    write(root, content)
    pairs, _ = coco_pairs(root, "train", min_pixels=0)
    expected = np.zeros((H, W), np.uint8)
    expected[5, 0] = 7
    np.testing.assert_array_equal(pairs[3].read(pairs[3].mask), expected)
    content["annotations"] = [annotation(1, 34, CAR, [[0, 0, 40, 0, 0, 40]])]
    write(root, content)
    pairs, _ = coco_pairs(root, "train", min_pixels=0)
    rows, columns = np.mgrid[:H, :W]
    found = pairs[3].read(pairs[3].mask) == 7
    assert found[rows + columns < 39].all()
    assert not found[rows + columns > 40].any()


def test_compressed_runs_are_those_of_pycocotools(root):
    rng = np.random.default_rng(1)
    content = instances()
    for _ in range(20):
        mask = np.asfortranarray(rng.random((H, W)) < rng.choice([0.01, 0.5, 0.99]), np.uint8)
        mask[:, : rng.integers(W)] = rng.integers(2)
        outline = pycocotools.mask.encode(mask)
        content["annotations"] = [annotation(1, 34, CAR, outline | {"counts": outline["counts"].decode()})]
        write(root, content)
        pair = coco_pairs(root, "train", min_pixels=0)[0][3]
        np.testing.assert_array_equal(pair.read(pair.mask), 7 * mask)


@pytest.mark.parametrize(
    "outline, message",
    [
        ([], r"annotation 7 has no outline"),
        ([[1, 2, 3, 4]], r"received \[4\] numbers"),
        ([[1, 2, 3, 4, 5, 6, 7]], r"received \[7\] numbers"),
        (["outline"], "no outline"),
        (None, "no outline"),
        ([[0, 0, 1e9, 0, 0, 5]], "points far outside"),
        ([[0, 0, float("nan"), 0, 0, 5]], "points far outside"),
        ({"counts": [5, 5], "size": [W, H]}, r"run lengths for \[60, 40\] rows and columns; its image has \[40, 60\]"),
        ({"counts": [5, 5], "size": [H, W]}, "damaged run lengths"),
        ({"counts": [5, -7, 10], "size": [H, W]}, "damaged run lengths"),
        ({"counts": "51ZZ2ZZ2", "size": [H, W]}, "damaged run lengths"),
        ({"counts": "5", "size": [H, W]}, "damaged run lengths"),
        ({"counts": "", "size": [H, W]}, "damaged run lengths"),
        ({"counts": [], "size": [H, W]}, "damaged run lengths"),
        ({"counts": [0.5, 2399.5], "size": [H, W]}, "damaged run lengths"),
        ({"size": [H, W]}, "damaged run lengths"),
    ],
)
def test_damaged_outline_is_named_and_can_be_skipped(root, outline, message):
    content = instances()
    content["annotations"].append(annotation(7, 30, PERSON, outline))
    write(root, content)
    with pytest.raises(ValueError, match=rf"(?s)instances_train2017\.json.*{message}"):
        convert(root)
    report, found = convert(root, skip_bad=True)
    assert sorted(found) == [9]
    assert len(report.skipped) == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"annotations": [{"id": 1, "image_id": 9, "caption": "A cat."}]}, r"instances file.*\['caption', 'id', 'im"),
        ({"annotations": [annotation(1, 77, CAR, [])]}, "annotates images that it does not list: the ids 77"),
        ({"annotations": [annotation(1, 9, 92, [])]}, "annotates categories that it does not list: the ids 92"),
        ({"images": [{"id": 9, "file_name": "x.jpg"}]}, r"lacks \['height', 'width'\]"),
        ({"categories": [{"id": 1, "name": "person"}], "annotations": []}, "lists no category 'airplane'.*'all'"),
        ({"images": {}}, "not a COCO annotation file"),
    ],
)
def test_wrong_annotations(root, change, message):
    write(root, instances() | change)
    with pytest.raises(ValueError, match=rf"instances_train2017\.json.*{message}"):
        convert(root)


def test_file_without_annotations(root):
    content = instances()
    del content["annotations"]
    write(root, content)
    with pytest.raises(ValueError, match=r"lacks \['annotations'\]"):
        convert(root)
    write(root, [1, 2])
    with pytest.raises(ValueError, match="not a COCO annotation file"):
        convert(root)


def test_missing_files(root):
    (root / "train2017" / "000000000030.jpg").unlink()
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*000000000030\.jpg is missing"):
        convert(root)
    with pytest.raises(ValueError, match=r"none of the image folders \['val2017', 'images/val2017'\]"):
        convert_coco(root, "val", root / "out")
    (root / "val2017").mkdir()
    with pytest.raises(ValueError, match=r"instances_val2017\.json is missing; .*instances_train2017\.json"):
        convert_coco(root, "val", root / "out")


def test_image_of_another_size_than_annotated(root):
    Image.new("RGB", (H, W)).save(root / "train2017" / "000000000030.jpg")
    with pytest.raises(ValueError, match=r"instances_train2017\.json has 60x40 .*000000000030\.jpg has 40x60"):
        convert(root)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"annotations": "captions"}, "must be one of"),
        ({"classes": "raw"}, "voc or all; received 'raw'"),
        ({"annotations": "stuff", "classes": "voc"}, "all or raw"),
    ],
)
def test_bad_arguments(root, options, message):
    with pytest.raises(ValueError, match=message):
        coco_pairs(root, "train", **options)


def test_command(root, capsys):
    arguments = ["convert", "coco", "--root", root, "--split", "train", "--output", root / "out", "--workers", 1]
    assert main([str(argument) for argument in [*arguments, "--classes", "all"]]) == 0
    said = capsys.readouterr().out
    assert "train 4 images; 23 classes (background, person" in said
    assert "train has 4 images; COCO 2017 has 118287." in said
    assert main([str(argument) for argument in [*arguments, "--overwrite", "--min-pixels", 1001]]) == 0
    said = capsys.readouterr().out
    assert "train 1 image; 21 classes" in said
    assert "118287" not in said


def test_without_pycocotools_the_extra_is_named(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(ImportError, match=r"pip install 'deeplab-tf\[coco\]'"):
        convert(root)
