"""Folders as labelme writes them, and what their masks must be."""

import base64
import json
import struct
import zlib

import numpy as np
from PIL import Image

from deeplab_tf.datasets import convert_labelme, evaluation_images, open_dataset

H, W = 20, 31
PIXELS = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)


def box(label, left, top, right, bottom):
    return {"label": label, "points": [[left, top], [right, bottom]], "group_id": None, "shape_type": "rectangle"}


def write(folder, name, shapes, image=PIXELS, **changes):
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if image is not None:
        Image.fromarray(image).save(path.with_suffix(".png"))
    content = {
        "version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": f"{path.stem}.png", "imageData": None,
        "imageHeight": H, "imageWidth": W,
    }  # fmt: skip
    path.write_text(json.dumps(content | changes))
    return path


def write_two(folder, second):
    """Two files, `a` and `second`, with boxes of a dog and cats and one to ignore; `expected` has their masks."""
    write(folder, "a", [box("dog", 2, 3, 10, 8), box("cat", 5, 5, 20, 12)])
    write(folder, second, [box("cat", 0, 0, 30, 2), box("__ignore__", 0, 10, 30, 19)])
    return folder


def expected(name, cat=1, dog=2):
    mask = np.zeros((H, W), np.uint8)
    if name == "a":
        mask[3:9, 2:11] = dog
        mask[5:13, 5:21] = cat
    else:
        mask[0:3] = cat
        mask[10:] = 255
    return mask


def convert(folder, **options):
    report = convert_labelme(folder, folder.parent / "out", **({"workers": 1} | options))
    dataset = open_dataset(report.path)
    examples = {
        example["filename"].decode(): example
        for split in dataset.splits
        for example in evaluation_images(dataset, split).as_numpy_iterator()
    }
    return report, examples


def bomb(side=60_000):
    """A PNG that states a size in its header and holds nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b""), b"IEND"]
    data = b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()
