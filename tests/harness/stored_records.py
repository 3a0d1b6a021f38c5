"""What lies in converted shards, read without the code that wrote them; and small made-up images and masks."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image


def stored(folder, split):
    """By name, in order: the image, uint8 `[H, W, 3]`, and the mask, uint8 `[H, W]`."""
    found = {}
    for path in sorted(folder.glob(f"{split}-?????-of-?????.tfrecord")):
        for raw in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(raw).features.feature
            image, mask = (
                np.asarray(Image.open(io.BytesIO(features[key].bytes_list.value[0])))
                for key in ("image/encoded", "image/segmentation/class/encoded")
            )
            height, width = (features[f"image/{side}"].int64_list.value[0] for side in ("height", "width"))
            assert image.shape == (height, width, 3)
            assert mask.shape == (height, width)
            found[features["image/filename"].bytes_list.value[0].decode()] = image, mask
    return found


def check_stored(folder, split, images, masks):
    """Compares names and their order, and every pixel; `images` are files, `masks` are arrays, both by name."""
    found = stored(folder, split)
    assert list(found) == list(masks)
    for name, (image, mask) in found.items():
        np.testing.assert_array_equal(image, np.asarray(Image.open(images[name]).convert("RGB")), err_msg=name)
        np.testing.assert_array_equal(mask, masks[name], err_msg=name)


def save_image(path, seed, size=(24, 31)):
    """Writes a smooth random picture in the format of the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC).save(path)
    return path


def save_mask(path, values, palette=None):
    """Writes `values`, uint8, as a grey PNG, an RGB one, or one with a palette of 768 bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values, np.uint8))
    if palette is not None:
        image.putpalette(palette)
    image.save(path)
    return path


def random_ids(seed, values, size=(24, 31)):
    """Random members of `values`, uint8 `[H, W]`, every one of them at least once."""
    rng = np.random.default_rng(seed)
    values = np.asarray(values)
    ids = rng.choice(values, size).ravel()
    ids[rng.permutation(ids.size)[: values.size]] = values
    return ids.reshape(size).astype(np.uint8)
