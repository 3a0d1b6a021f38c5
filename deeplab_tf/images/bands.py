"""Bands along the outlines of label maps: what lies within some pixels of something else. No loop over pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(values: np.ndarray, reach: int, axis: int, combine: np.ufunc) -> np.ndarray:
    """What `combine` makes of the values at most `reach` places away along an axis.

    Args:
        values: Any array.
        reach: Places to either side, >= 0.
        axis: The axis.
        combine: `np.logical_or`, `np.maximum`, `np.minimum`, or another one of which a repeated value makes no
            difference.

    Returns:
        An array of the same shape; beyond the ends there is nothing.

    Example:
        >>> spread(np.array([0, 0, 5, 0, 0, 0]), 1, 0, np.maximum)
        array([0, 5, 5, 5, 0, 0])
    """
    values = np.moveaxis(values, axis, 0)
    done = 0
    while done < reach:
        # What is done covers 2 x done + 1 places, so copies that far to either side leave no gap.
        shift = min(reach - done, 2 * done + 1)
        wide = np.copy(values)
        combine(wide[shift:], values[:-shift], out=wide[shift:])
        combine(wide[:-shift], values[shift:], out=wide[:-shift])
        values, done = wide, done + shift
    return np.moveaxis(values, 0, axis)


def bands(labels: np.ndarray, widths: Sequence[int], *, border: bool = False) -> np.ndarray:
    """How near another label is: the narrowest of several bands that a pixel lies in.

    A pixel lies in the band of a width where a pixel with another label is at most that many rows and columns away: the
    square of 2 x width + 1 pixels, which so many dilations by 3x3 give.

    Args:
        labels: Integer `[H, W]`. The ignore label is a label like others.
        widths: In pixels, > 0, ascending.
        border: What lies beyond the image counts as another label.

    Returns:
        uint16 `[H, W]`: the place in `widths`, or `len(widths)` where no band reaches.

    Example:
        >>> bands(np.array([[1, 1, 1, 1, 2]]), (1, 3))
        array([[2, 1, 1, 0, 0]], dtype=uint16)
    """
    place = np.full(labels.shape, len(widths), np.uint16)
    least = most = labels
    done = 0
    for width in widths:
        for axis in (0, 1):
            least = spread(least, width - done, axis, np.minimum)
            most = spread(most, width - done, axis, np.maximum)
        done = width
        inside = (least != labels) | (most != labels)
        if border:
            inside[:width] = inside[-width:] = True
            inside[:, :width] = inside[:, -width:] = True
        place -= inside
    return place


def contours(labels: np.ndarray) -> np.ndarray:
    """Where one of the four neighbours has another label, boolean `[H, W]`; the image's border has no neighbour."""
    found = np.zeros(labels.shape, bool)
    rows, columns = labels[:-1] != labels[1:], labels[:, :-1] != labels[:, 1:]
    found[:-1] |= rows
    found[1:] |= rows
    found[:, :-1] |= columns
    found[:, 1:] |= columns
    return found
