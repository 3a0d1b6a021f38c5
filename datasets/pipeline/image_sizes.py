"""How large the images of a split are, from a bounded sample of its records, without decoding them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.records.dataset import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.datasets.records.record import read_size
from deeplab_tf.images.scaling import MANY_TIMES, fitted_size

SAMPLE = 256
# So many images are ordinary; what is longer by so much than they are is a giant, which prediction scales down.
SHARE, GIANT = 0.95, 1.25


def sampled_sizes(
    dataset: DataSet | ImageData, split: str, limit: tuple[int, int] | None = None
) -> list[tuple[int, int]]:
    """(height, width) of some 256 images, of TFRecords the first ones of shards that are evenly drawn.

    Args:
        dataset: The data.
        split: Its part.
        limit: (height, width) to which larger images are scaled, as they will be trained on.

    Raises:
        ValueError: If there is no such split or a shard is missing.
        tf.errors.OpError: If a record is damaged.
    """
    if isinstance(dataset, ImageData):
        return [fitted_size(*size, limit) for size in dataset.sizes(split, SAMPLE)]
    files = dataset.files(split)
    files = files[:: math.ceil(len(files) / SAMPLE)]
    each = math.ceil(SAMPLE / len(files))
    return [
        fitted_size(*read_size(record), limit)
        for file in files
        for record in tf.data.TFRecordDataset(str(file)).take(each)
    ]


def typical_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The size that a model trained on such images is made for: into it fit all but giants.

    A giant's longest side is more than 1.25 times that of the ordinary 95 %. For images of one size it is that size;
    where some stand and some lie, both fit, however few.

    Example:
        >>> typical_size([(360, 480)] * 30), typical_size([(375, 500)] * 40 + [(500, 375), (3000, 4000)])
        ((360, 480), (500, 500))
    """
    if not sizes:
        return None
    longest = np.percentile(np.max(sizes, axis=1), 100 * SHARE, method="inverted_cdf")
    height, width = np.max([size for size in sizes if max(size) <= GIANT * longest], axis=0)
    return int(height), int(width)


def median_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The size whose longest side is the median of all longest sides."""
    return sorted(sizes, key=max)[len(sizes) // 2]


def advice_on_size(size: tuple[int, int], crop: tuple[int, int]) -> str | None:
    """What to say where images are many times the training crop, which then sees a patch of nothing; else None.

    Args:
        size: (height, width) of the median image.
        crop: (height, width) of the crops.

    Example:
        >>> advice_on_size((3000, 4000), (257, 257))[:63]
        'The median image is 3000x4000 pixels; a crop of 257x257 is 0.6 '
    """
    if max(size) <= MANY_TIMES * max(crop):
        return None
    share = 100 * crop[0] * crop[1] / (size[0] * size[1])
    return (
        f"The median image is {size[0]}x{size[1]} pixels; a crop of {crop[0]}x{crop[1]} is {share:.1f} % of it and "
        f"shows hardly a whole object. Scale the images down: --max-side {2 * max(crop)} (max_side) in training, or in "
        "conversion, which also makes reading faster; or take larger crops."
    )
