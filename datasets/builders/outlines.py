"""The outlines of a label map's regions as polygons of few corners."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import contourpy
import numpy as np
from PIL import Image, ImageDraw

# Pixels that touch at a corner alone are then apart, so that regions and their holes nest.
_EDGE = 0.5
_NOWHERE = -1


@dataclasses.dataclass(frozen=True)
class Outline:
    """The outer boundary of a connected region of one label; what lies within it is a region of its own.

    Args:
        label: The label id.
        corners: x and y of pixels of the region or next to it, int `[corners, 2]`; a last side closes the polygon.
        area: Of everything within the boundary, in pixels.
    """

    label: int
    corners: np.ndarray
    area: float


@dataclasses.dataclass(frozen=True)
class _Ring:
    """A closed boundary, whose last point is its first again, with the pixels on either side of its points.

    Args:
        label: Of the region.
        inner: x and y of the region's pixels, int `[points, 2]`.
        outer: Of those beyond, likewise.
        beyond: The labels there, int `[points]`.
        arcs: First and last point of the stretches that are simplified as one, int `[arcs, 2]`.
        area: Within, in pixels.
    """

    label: int
    inner: np.ndarray
    outer: np.ndarray
    beyond: np.ndarray
    arcs: np.ndarray
    area: float


def outlines(labels: np.ndarray, tolerance: float, smallest: float = 0, ground: int | None = None) -> list[Outline]:
    """The outlines of all regions, those that lie within others after them.

    Painted in this order, each with all that it encloses, they give the label map back up to the tolerance. A boundary
    that two regions share is simplified alike for both, by Douglas and Peucker's rule, and the region that is painted
    first reaches a pixel below the other, so that no gap opens.

    Args:
        labels: Label ids, integer `[H, W]`.
        tolerance: How far, in pixels, a simplified boundary may be from the true one; 0 keeps every corner.
        smallest: Regions of fewer pixels become part of what is around them.
        ground: The label that is painted only where it lies within another region, if any.

    Returns:
        One outline for each region whose pixels are connected by their sides, the largest first.

    Example:
        >>> [(found.label, found.corners.tolist()) for found in outlines(np.array([[0, 0, 0], [0, 7, 0]]), 0)]
        [(0, [[0, 0], [2, 0], [2, 1], [0, 1]]), (7, [[1, 1]])]
    """
    rings = _all_rings(labels)
    if rings[-1].area < smallest:
        rings = [ring for ring in _all_rings(_absorbed(labels, rings, smallest)) if ring.area >= smallest]
    if not rings:
        return []
    kept = np.split(_kept(rings, tolerance), np.cumsum([len(ring.inner) for ring in rings])[:-1])
    order = Image.new("I", labels.shape[::-1], 0)
    for place, ring in enumerate(rings):
        paint(order, ring.inner, place)
    order = np.asarray(order)
    found = []
    for place, (ring, keep) in enumerate(zip(rings, kept)):
        x, y = ring.outer.clip(0, np.array(labels.shape[::-1]) - 1).T
        above = (order[y, x] > place) & (ring.beyond != _NOWHERE) & (ring.beyond != ground)
        pixels = np.where(above[:, None], ring.outer, ring.inner)
        found.append(Outline(ring.label, _corners(pixels[keep]), ring.area))
    return found


def _all_rings(labels: np.ndarray) -> list[_Ring]:
    """The boundaries of all regions, the largest first."""
    # A border that belongs to no region closes every boundary.
    padded = np.pad(np.asarray(labels, np.int32), 1, constant_values=_NOWHERE)
    rings = (ring for label in np.unique(labels).tolist() for ring in _rings(padded, label))
    return sorted(rings, key=lambda ring: -ring.area)


def _absorbed(labels: np.ndarray, rings: list[_Ring], smallest: float) -> np.ndarray:
    """The labels with those of small regions replaced by the most frequent one around each."""
    image = Image.fromarray(np.asarray(labels, np.int32))
    for ring in rings:
        around = ring.beyond[ring.beyond != _NOWHERE]
        if ring.area < smallest and len(around):
            paint(image, ring.inner, int(np.bincount(around).argmax()))
    return np.asarray(image)


def paint(image: Image.Image, corners: np.ndarray, label: int) -> None:
    """Paints a polygon with all that it encloses, its sides included, as labelme does.

    Args:
        image: What to paint on.
        corners: x and y, int `[corners, 2]`; one corner is a pixel, two are a line.
        label: The value.
    """
    points = [tuple(corner) for corner in (corners if len(corners) > 1 else corners.repeat(2, 0)).tolist()]
    ImageDraw.Draw(image).polygon(points, fill=label, outline=label)


def _rings(padded: np.ndarray, label: int) -> Iterator[_Ring]:
    inside = padded == label
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    top, left = rows[0] - 1, columns[0] - 1
    window = inside[top : rows[-1] + 2, left : columns[-1] + 2].astype(np.float32)
    generator = contourpy.contour_generator(z=window, fill_type=contourpy.FillType.OuterOffset)
    for points, offsets in zip(*generator.filled(_EDGE, np.inf)):
        # The first boundary is the outer one; those of its holes follow.
        points = points[: offsets[1]] + np.array((left, top))
        x, y = points.T
        area = float(abs(x[:-1] @ y[1:] - x[1:] @ y[:-1]) / 2)
        low, high = np.floor(points[:-1]).astype(np.intp), np.ceil(points[:-1]).astype(np.intp)
        is_low = inside[low[:, 1], low[:, 0]][:, None]
        inner, outer = np.where(is_low, low, high), np.where(is_low, high, low)
        beyond = padded[outer[:, 1], outer[:, 0]]
        # From here on without the border.
        inner, outer = inner - 1, outer - 1
        begins = np.flatnonzero(beyond != np.roll(beyond, 1))
        alone = not len(begins)
        start = np.lexsort(inner.T)[0] if alone else begins[0]
        ring = [np.concatenate([side[start:], side[: start + 1]]) for side in (inner, outer, beyond)]
        if alone:
            # Between two points far from each other, whichever way it is gone around.
            far = np.hypot(*(ring[0] - ring[0][0]).T).argmax()
            arcs = [[0, far], [far, len(inner)]]
        else:
            begins = begins - start
            arcs = np.stack([begins, np.append(begins[1:], len(inner)) - 1], 1)
        yield _Ring(label, *ring, np.asarray(arcs), area)


def _kept(rings: list[_Ring], tolerance: float) -> np.ndarray:
    """Which points of all rings stay, boolean, one ring after the other."""
    starts = np.cumsum([0, *(len(ring.inner) for ring in rings)])
    points = np.concatenate([ring.inner + ring.outer for ring in rings]) / 2
    arcs = np.concatenate([ring.arcs + start for ring, start in zip(rings, starts)])
    # Either side goes along a shared arc its own way; both are to keep the same points.
    path = []
    for first, last in arcs.tolist():
        backwards = tuple(points[last]) < tuple(points[first])
        path.append(np.arange(last, first - 1, -1) if backwards else np.arange(first, last + 1))
    ends = np.cumsum([len(arc) for arc in path])
    path = np.concatenate(path)
    kept = np.zeros(starts[-1], bool)
    kept[path[_simplified(points[path], np.append(0, ends[:-1]), ends - 1, tolerance)]] = True
    # The last point of a ring is its first.
    kept[starts[1:] - 1] = False
    return kept


def _simplified(points: np.ndarray, first: np.ndarray, last: np.ndarray, tolerance: float) -> np.ndarray:
    """Which points stay of the arcs from `first` to `last`, boolean: Douglas and Peucker's rule, all arcs at once."""
    kept = np.zeros(len(points), bool)
    kept[first] = kept[last] = True
    while len(first := first[between := last - first > 1]):
        last = last[between]
        lengths = last - first - 1
        begins = np.cumsum(lengths) - lengths
        arc = np.repeat(np.arange(len(first)), lengths)
        index = np.arange(len(arc)) + (first + 1 - begins)[arc]
        distance = _distance(points[index], points[first][arc], points[last][arc])
        farthest = np.maximum.reduceat(distance, begins)
        splits = np.flatnonzero(farthest > tolerance)
        hits = np.flatnonzero(distance == farthest[arc])
        middle = index[hits[np.searchsorted(arc[hits], splits)]]
        kept[middle] = True
        first, last = np.append(first[splits], middle), np.append(middle, last[splits])
    return kept


def _distance(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """From points to the segments between `start` and `end`, each float `[points, 2]`."""
    chord, reach = end - start, points - start
    along = (reach * chord).sum(1) / np.maximum((chord * chord).sum(1), 1e-9)
    return np.hypot(*(reach - along.clip(0, 1)[:, None] * chord).T)


def _corners(pixels: np.ndarray) -> np.ndarray:
    """The pixels without those that repeat the one before."""
    return pixels[(pixels != np.roll(pixels, 1, 0)).any(1)] if len(np.unique(pixels, axis=0)) > 1 else pixels[:1]
