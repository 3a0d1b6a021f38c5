"""COCO's panoptic PNGs and COCO-Stuff's pixel maps, in their folders and formats, against masks worked out here."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_coco, evaluation_images, open_dataset
from deeplab_tf.datasets.builders.coco import coco_pairs
from deeplab_tf.datasets.builders.coco_labels import STUFF, STUFF_RAW, VOC_OF_COCO

H, W = 36, 50
# VOC's names in VOC's order, under COCO's spelling.
THINGS = (
    "airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "dining table", "dog",
    "horse", "motorcycle", "person", "potted plant", "sheep", "couch", "train", "tv",
)  # fmt: skip
CATEGORIES = [*((number, name) for number, name in enumerate(THINGS, start=1)), (84, "book"), (200, "rug-merged")]
PERSON, CAR, BOOK, RUG = 15, 7, 84, 200
# The ids that COCO never used, counted from 0, as the field's tables of COCO-Stuff list them.
UNUSED = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90)


def segments():
    """The segment of every pixel, numbered over the whole range of the three bytes; 0 is none."""
    numbers = np.zeros((H, W), np.uint32)
    numbers[:, :10] = 5
    numbers[:, 10:45] = 256 * 7 + 3
    numbers[:10, 45:] = 256**3 - 1
    numbers[10:20, 45:] = 65536 * 2
    numbers[20:30, 45:] = 65536 * 2 + 1
    return numbers


INFOS = [
    {"id": 5, "category_id": PERSON, "iscrowd": 0, "area": H * 10},
    {"id": 256 * 7 + 3, "category_id": CAR, "iscrowd": 0, "area": H * 35},
    {"id": 256**3 - 1, "category_id": PERSON, "iscrowd": 1, "area": 50},
    {"id": 65536 * 2, "category_id": BOOK, "iscrowd": 1, "area": 50},
    {"id": 65536 * 2 + 1, "category_id": RUG, "iscrowd": 0, "area": 50},
]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "coco"
    for folder in ("val2017", "annotations/panoptic_val2017", "stuffthingmaps/val2017"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    numbers = segments()
    for name in ("000000000139", "000000000285"):
        Image.fromarray(rng.integers(0, 256, (H, W, 3), dtype=np.uint8)).save(root / "val2017" / f"{name}.jpg")
        colors = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16], axis=-1).astype(np.uint8)
        Image.fromarray(colors).save(root / "annotations" / "panoptic_val2017" / f"{name}.png")
        raw = rng.choice(np.array([*(set(range(182)) - set(UNUSED)), 255], np.uint8), (H, W))
        Image.fromarray(raw).save(root / "stuffthingmaps" / "val2017" / f"{name}.png")
    write(root)
    return root


def write(root, **changes):
    small = [info | {"area": info["area"] // 2} for info in INFOS]
    content = {
        "images": [
            {"id": int(name), "file_name": f"{name}.jpg", "height": H, "width": W}
            for name in ("000000000139", "000000000285")
        ],
        "annotations": [
            {"image_id": 139, "file_name": "000000000139.png", "segments_info": INFOS},
            {"image_id": 285, "file_name": "000000000285.png", "segments_info": small},
        ],
        "categories": [{"id": number, "name": name, "isthing": 1} for number, name in CATEGORIES],
    }
    path = root / "annotations" / "panoptic_val2017.json"
    path.write_text(json.dumps(content | changes))


def convert(root, **options):
    report = convert_coco(root, "val", root / "out", workers=1, **options)
    return report, list(evaluation_images(open_dataset(report.path), "val").as_numpy_iterator())


def test_voc_has_these_twenty():
    names = (
        "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant "
        "sheep sofa train tvmonitor"
    )
    assert tuple(zip(THINGS, names.split())) == tuple(VOC_OF_COCO.items())


def test_panoptic_to_voc(root):
    # 36 x 45 = 1620 pixels of a person and a car; by half of that the other image is left out.
    report, (example,) = convert(root, annotations="panoptic", min_pixels=1619)
    assert (report.images, report.labels.name) == ({"val": 1}, "pascal_voc")
    expected = np.full((H, W), 255)
    expected[:, :10], expected[:, 10:45], expected[10:30, 45:] = 15, 7, 0
    np.testing.assert_array_equal(example["label"], expected)
    with pytest.raises(ValueError, match="none of the 2 images has more than 1620"):
        coco_pairs(root, "val", annotations="panoptic", min_pixels=1620)


def test_panoptic_categories(root):
    report, (example, _) = convert(root, annotations="panoptic", classes="all")
    assert report.labels.names == (*THINGS, "book", "rug-merged")
    expected = np.full((H, W), 255)
    expected[:, :10], expected[:, 10:45], expected[20:30, 45:] = 14, 6, 21
    np.testing.assert_array_equal(example["label"], expected)


def test_png_that_does_not_fit_its_annotation(root):
    write(
        root,
        annotations=[{"image_id": n, "file_name": f"{n:012d}.png", "segments_info": INFOS[1:]} for n in (139, 285)],
    )
    with pytest.raises(ValueError, match=r"000000000139\.png is not the PNG of .* 5 have no annotation"):
        convert(root, annotations="panoptic")
    more = [*INFOS, {"id": 77, "category_id": CAR, "area": 5}]
    write(root, annotations=[{"image_id": n, "file_name": f"{n:012d}.png", "segments_info": more} for n in (139, 285)])
    with pytest.raises(ValueError, match=" 77 have no pixels"):
        convert(root, annotations="panoptic")


def test_missing_png_and_missing_annotation(root):
    (root / "annotations" / "panoptic_val2017" / "000000000285.png").unlink()
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*000000000285\.png is missing"):
        convert(root, annotations="panoptic", classes="all")
    write(root, annotations=[])
    with pytest.raises(ValueError, match=r"has 0 annotations of 000000000139\.jpg"):
        convert(root, annotations="panoptic")
    (root / "annotations" / "panoptic_val2017").rename(root / "elsewhere")
    with pytest.raises(ValueError, match="none of the panoptic folders"):
        convert(root, annotations="panoptic")


def test_instances_given_for_panoptic(root):
    entry = {"id": 1, "image_id": 139, "category_id": 1, "segmentation": [], "iscrowd": 0}
    write(root, annotations=[entry])
    with pytest.raises(ValueError, match=r"no panoptic file .*lacks \['file_name', 'segments_info'\]"):
        convert(root, annotations="panoptic")
    write(root, annotations=[{"image_id": 139, "file_name": "x.png", "segments_info": [{"id": 5}]}])
    with pytest.raises(ValueError, match=r"a segment has .* lacks \['area', 'category_id'\]"):
        convert(root, annotations="panoptic")
    write(
        root,
        annotations=[
            {"image_id": 139, "file_name": "x.png", "segments_info": [{"id": 5, "category_id": 999, "area": 1}]}
        ],
    )
    with pytest.raises(ValueError, match="categories that it does not list: the ids 999"):
        convert(root, annotations="panoptic")


def test_stuff_labels():
    assert (STUFF.classes, STUFF_RAW.classes) == (171, 182)
    assert tuple(n for n, name in enumerate(STUFF_RAW.names) if name not in STUFF.names) == UNUSED
    anchors = {0: "person", 12: "stop sign", 89: "toothbrush", 91: "banner", 156: "sky-other", 181: "wood"}
    assert {number: STUFF_RAW.names[number] for number in anchors} == anchors
    assert (STUFF.names[79], STUFF.names[80], STUFF.names[170]) == ("toothbrush", "banner", "wood")


@pytest.mark.parametrize("classes", [None, "raw"])
def test_stuff_maps(root, classes):
    report, examples = convert(root, annotations="stuff", classes=classes)
    assert report.images == {"val": 2}
    assert report.labels == (STUFF_RAW if classes else STUFF)
    for example in examples:
        path = root / "stuffthingmaps" / "val2017" / f"{example['filename'].decode()}.png"
        raw = np.asarray(Image.open(path)).astype(int)
        smaller_unused = (raw[..., None] > np.array(UNUSED)).sum(axis=-1)
        expected = raw if classes else np.where(raw == 255, 255, raw - smaller_unused)
        np.testing.assert_array_equal(example["label"], expected)


def test_stuff_accidents(root):
    path = root / "stuffthingmaps" / "val2017" / "000000000139.png"
    Image.new("L", (W, H), 182).save(path)
    with pytest.raises(ValueError, match=r"000000000139\.png holds the value\(s\) \[182\]"):
        convert(root, annotations="stuff")
    Image.new("L", (W, H), 11).save(path)
    with pytest.raises(ValueError, match=r"holds the value\(s\) \[11\], which are no class of COCO-Stuff"):
        convert(root, annotations="stuff")
    path.unlink()
    with pytest.raises(ValueError, match=r"000000000139\.png is missing"):
        convert(root, annotations="stuff")


def test_pairs_can_go_to_other_processes(root):
    for options in ({"annotations": "panoptic"}, {"annotations": "stuff"}):
        pair = coco_pairs(root, "val", min_pixels=0, **options)[0][0]
        again = pickle.loads(pickle.dumps(pair))
        np.testing.assert_array_equal(again.read(again.mask), pair.read(pair.mask))
