"""Exports of annotation tools in their own layouts, of two or more small images, and the masks that they mean."""

import json

import numpy as np
import pycocotools.mask
from PIL import Image

H, W = 30, 40


def save_image(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (H, W, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))


def box(top, left, bottom, right):
    """The polygon around the pixels of these rows and columns, the last ones not among them."""
    return [left, top, right, top, right, bottom, left, bottom]


def brushed():
    """A mask that no polygon describes: a chequered disc."""
    rows, columns = np.mgrid[:H, :W]
    return ((np.hypot(rows - 12, columns - 25) < 10) & ((rows // 2 + columns // 2) % 2 == 0)).astype(np.uint8)


def run_lengths(mask, compressed):
    """COCO's two forms of a mask's runs: its own list, worked out here, or pycocotools' text."""
    if compressed:
        coded = pycocotools.mask.encode(np.asfortranarray(mask))
        return {"size": list(coded["size"]), "counts": coded["counts"].decode()}
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return {"size": list(mask.shape), "counts": ([0] if flat[0] else []) + counts}


def annotation(number, image, category, segmentation, **more):
    return {
        "id": number, "image_id": image, "category_id": category, "segmentation": segmentation, "area": 1.0,
        "bbox": [0, 0, 1, 1], "iscrowd": 0,
    } | more  # fmt: skip


def image_entry(number, name, **more):
    return {"id": number, "width": W, "height": H, "file_name": name} | more


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def cvat(root):
    """`COCO 1.0`: brushed masks are uncompressed runs marked as crowds; ids start at 1."""
    for name, seed in (("street/a.jpg", 1), ("b.png", 2)):
        save_image(root / "images" / name, seed)
    more = {"license": 0, "flickr_url": "", "coco_url": "", "date_captured": 0}
    attributes = {"attributes": {"occluded": False}}
    content = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
        "categories": [{"id": index, "name": name, "supercategory": ""} for index, name in ((1, "cat"), (2, "dog"))],
        "images": [image_entry(1, "street/a.jpg", **more), image_entry(2, "b.png", **more)],
        "annotations": [
            annotation(1, 1, 1, [box(2, 3, 20, 30)], **attributes),
            annotation(2, 1, 2, [box(5, 6, 9, 12), box(22, 0, 30, 5)], **attributes),
            annotation(3, 2, 2, run_lengths(brushed(), compressed=False), iscrowd=1, **attributes),
        ],
    }
    write_json(root / "annotations" / "instances_default.json", content)
    first, second = np.zeros((2, H, W), np.uint8)
    first[2:20, 3:30] = 1
    first[5:9, 6:12] = first[22:30, 0:5] = 2
    second[brushed() == 1] = 2
    return ("background", "cat", "dog"), {"train": {"images/street/a": first, "images/b": second}}


def roboflow(root):
    """Folders train, valid and test; category 0 is the project's name and stands above the others."""
    categories = [
        {"id": 0, "name": "pets", "supercategory": "none"},
        {"id": 1, "name": "cat", "supercategory": "pets"},
        {"id": 2, "name": "dog", "supercategory": "pets"},
    ]
    masks = {}
    for index, (folder, split) in enumerate((("train", "train"), ("valid", "val"), ("test", "test"))):
        name = f"photo{index}_jpg.rf.0a1b{index}.jpg"
        save_image(root / folder / name, index)
        content = {
            "info": {"year": "2024", "description": "Exported from roboflow.com"},
            "licenses": [{"id": 1, "url": "", "name": "CC BY 4.0"}],
            "categories": categories,
            "images": [image_entry(0, name, license=1, date_captured="2024-01-01T00:00:00+00:00")],
            "annotations": [
                annotation(0, 0, 1 + index % 2, [box(index, 4, 10, 20)]),
                annotation(1, 0, 2, run_lengths(brushed(), compressed=True)),
            ],
        }
        write_json(root / folder / "_annotations.coco.json", content)
        mask = np.zeros((H, W), np.uint8)
        # The smaller lies above: the disc has 156 pixels or so, the boxes 128 to 160.
        regions = sorted([((slice(index, 10), slice(4, 20)), 1 + index % 2), (brushed() == 1, 2)], key=_pixels)
        for where, value in reversed(regions):
            mask[where] = value
        masks[split] = {name.removesuffix(".jpg"): mask}
    return ("background", "cat", "dog"), masks


def _pixels(region):
    canvas = np.zeros((H, W))
    canvas[region[0]] = 1
    return canvas.sum()


def label_studio(root):
    """`COCO with images`: result.json, ids from 0, and paths of a Windows server."""
    names = ["0a1b2c3d-photo 1.jpg", "ff00aa11-photo2.jpg"]
    for index, name in enumerate(names):
        save_image(root / "images" / name, index)
    content = {
        "images": [
            image_entry(0, "..\\..\\label-studio\\media\\upload\\3\\0a1b2c3d-photo%201.jpg"),
            image_entry(1, "images/ff00aa11-photo2.jpg"),
        ],
        "categories": [{"id": 0, "name": "Airplane"}, {"id": 7, "name": "Car"}],
        "annotations": [
            annotation(0, 0, 7, [box(0, 0, 9, 9)], ignore=0),
            annotation(1, 1, 0, [box(10, 10, 30, 40)], ignore=0),
        ],
        "info": {"year": 2024, "version": "1.0", "contributor": "Label Studio"},
    }
    write_json(root / "result.json", content)
    first, second = np.zeros((2, H, W), np.uint8)
    first[0:9, 0:9] = 2
    second[10:30, 10:40] = 1
    return ("background", "Airplane", "Car"), {
        "train": {f"images/{names[0].removesuffix('.jpg')}": first, f"images/{names[1].removesuffix('.jpg')}": second}
    }


def x_anylabeling(root):
    """labelme's format with rectangles of four corners and rotated ones."""
    more = {"group_id": None, "description": "", "difficult": False, "flags": {}, "attributes": {}, "score": None}
    corners = [[3.0, 2.0], [12.0, 2.0], [12.0, 8.0], [3.0, 8.0]]
    tip = [[20.0, 5.0], [25.0, 10.0], [20.0, 15.0], [15.0, 10.0]]
    shapes = {
        "a": [
            {"label": "cat", "points": corners, "shape_type": "rectangle"} | more,
            {"label": "dog", "points": tip, "shape_type": "rotation", "direction": 0.785} | more,
        ],
        "b": [{"label": "dog ", "points": corners, "shape_type": "polygon"} | more],
    }
    for seed, (name, drawn) in enumerate(shapes.items()):
        save_image(root / f"{name}.jpg", seed)
        content = {
            "version": "2.4.4", "flags": {}, "shapes": drawn, "imagePath": f"D:\\data\\{name}.jpg", "imageData": None,
            "imageHeight": H, "imageWidth": W, "text": "", "checked": False,
        }  # fmt: skip
        write_json(root / f"{name}.json", content)
    rows, columns = np.mgrid[:H, :W]
    first, second = np.zeros((2, H, W), np.uint8)
    first[2:9, 3:13] = 1
    first[abs(rows - 10) + abs(columns - 20) <= 5] = 2
    second[2:9, 3:13] = 2
    return ("_background_", "cat", "dog"), {"train": {"a": first, "b": second}}
