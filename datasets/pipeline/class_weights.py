"""How much each class counts in the loss, so that rare ones are learnt too."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable, Sequence

import numpy as np

from deeplab_tf.checks import is_number, one_of
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading, shown

KEY = "class_weights"
_LOG_OFFSET = 1.02


def class_weights(
    pixels: Sequence[int] | np.ndarray,
    method: str = "median_frequency",
    image_pixels: Sequence[int] | np.ndarray | None = None,
) -> np.ndarray:
    """Weights of the classes from how often they occur.

    - `median_frequency`: median(f) / f, where f is the share of the class in the images in which it occurs (Eigen and
      Fergus 2015, section 6.3.2). A class that fills few images well is not taken for rare.
    - `root_median_frequency`: the square root of it. Rare classes are learnt, and less of others is taken for them.
    - `inverse_log`: 1 / ln(1.02 + p), where p is the share in all labelled pixels (ENet, Paszke et al. 2016, section
      5.2). Weights lie between 1.4 and 50.5.
    - `inverse_frequency`: 1 / (classes x p). All classes count alike; one of a few pixels drowns the others.

    Args:
        pixels: Number of pixels of every class.
        method: One of the four.
        image_pixels: For `median_frequency` and its root: number of all pixels of the images in which the class
            occurs, for every class.

    Returns:
        float64 `[classes]`, above 0. A class without pixels gets 1, as nothing is known of it.

    Raises:
        ValueError: If the method is unknown, the counts do not fit, or there is no pixel at all.

    Example:
        >>> class_weights([600, 300, 100], image_pixels=[1000, 1000, 500])
        array([0.5, 1. , 1.5])
    """
    method = one_of("method", method, METHODS)
    counts = np.asarray(pixels, np.float64)
    if counts.ndim != 1 or not counts.size or counts.min() < 0 or not counts.any():
        raise ValueError(
            f"Class weights need the number of pixels of every class, at least one above 0; received {counts.tolist()}."
        )
    if method in OF_IMAGES:
        if image_pixels is None or np.shape(image_pixels) != counts.shape or np.any(counts > np.asarray(image_pixels)):
            raise ValueError(
                f"{method} needs image_pixels: for each of the classes no fewer pixels of the images than of "
                f"the class, here at least {counts.tolist()}; received {image_pixels}. Count them, or take inverse_log."
            )
        totals = np.asarray(image_pixels, np.float64)
    else:
        totals = np.full(counts.shape, counts.sum())
    seen = counts > 0
    weights = np.ones(counts.shape)
    weights[seen] = METHODS[method](counts[seen] / totals[seen])
    return weights


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "median_frequency": lambda shares: np.median(shares) / shares,
    "root_median_frequency": lambda shares: np.sqrt(np.median(shares) / shares),
    "inverse_log": lambda shares: 1 / np.log(_LOG_OFFSET + shares),
    "inverse_frequency": lambda shares: 1 / (shares.size * shares),
}
# Those whose shares are of the images in which a class occurs.
OF_IMAGES = ("median_frequency", "root_median_frequency")


def read_class_weights(path: str | os.PathLike, classes: int) -> np.ndarray:
    """The class weights in a JSON file.

    Args:
        path: A file that holds a list of numbers, one per class, or an object with such a list as `class_weights`, as
            `deeplab-tf inspect --json` writes it.
        classes: How many there must be.

    Returns:
        float64 `[classes]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else, or the numbers are too many, too few, or below 0.

    Example:
        >>> Path("weights.json").write_text("[1, 2.5]")
        >>> read_class_weights("weights.json", 2)
        array([1. , 2.5])
    """
    remedy = f"`deeplab-tf inspect --json` writes such a file, with {KEY!r}."
    if not os.path.lexists(path):
        raise FileNotFoundError(f"There is no {shown(path)}. Check the path; {remedy}")
    with reading(path, "class weights", remedy):
        found = read_json(path)
        values = found.get(KEY) if isinstance(found, dict) else found
        return check_class_weights(values, classes, shown(path))


def check_class_weights(values: Sequence[float] | None, classes: int, source: str = "class_weights") -> np.ndarray:
    """The weights as an array, float64 `[classes]`.

    Args:
        values: The weights.
        classes: How many there must be.
        source: Where they come from, for the message.

    Raises:
        ValueError: If they are not `classes` numbers from 0 up, one of them above 0.
    """
    listed = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
    valid = listed and len(values) == classes and all(is_number(value, 0, 1e300) for value in values)
    weights = np.array(values if valid else [], np.float64)
    if not weights.any():
        raise ValueError(
            f"{source}: expected {classes} class weights, numbers from 0 up in the order of the ids; received "
            f"{reprlib.repr(values)}. `deeplab-tf inspect --json` writes such a list under {KEY!r}."
        )
    return weights
