"""Gaussian filtering in many dimensions at a cost linear in the pixels: the permutohedral lattice (Adams et al., 2010).

A pixel is a point, for instance of position and colour. The lattice tiles the space of points into simplices; a
pixel's values are shared out to the d + 1 vertices of its simplex (splat), blurred along the d + 1 axes of the lattice
and read back (slice). Each of these is a product with a sparse matrix that depends on the points alone, so the
matrices are made once and serve every iteration and all classes.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

# Of the neighbours' weight in a blur, and the margin that keeps their keys apart from those of other points.
HALF, MARGIN = 0.5, 2


@dataclasses.dataclass(frozen=True)
class Lattice:
    """The filter of a set of points; `lattice` makes one.

    Attributes:
        splat: Sparse `[vertices, points]`.
        blurs: Sparse and symmetric `[vertices, vertices]`, one per axis.
        slice: Sparse `[points, vertices]`.
    """

    splat: tf.Tensor
    blurs: tuple[tf.Tensor, ...]
    slice: tf.Tensor

    def __call__(self, values: tf.Tensor, weights: tf.Tensor | float) -> tf.Tensor:
        """The weighted sum of all points' values for each point.

        Args:
            values: float32 `[points, classes]`.
            weights: A factor, one factor per class `[classes]`, or a matrix `[classes, classes]` that the filtered
                values are multiplied by. This happens on the vertices, which are usually fewer than the points.

        Returns:
            float32 `[points, classes]`.
        """
        blurred, weights = _blurred(self, values), tf.convert_to_tensor(weights)
        mixed = blurred @ weights if len(weights.shape) == 2 else blurred * weights
        return _product(self.slice, mixed)


def lattice(points: tf.Tensor, groups: tf.Tensor | None = None, *, normalization: str) -> Lattice:
    """The lattice of points, for a Gaussian of variance 1 between them.

    Args:
        points: float32 `[N, d]`: coordinates, each divided by the Gaussian's width along it.
        groups: int `[N]`: points of different groups, such as the images of a batch, do not see each other.
        normalization: What the sums are divided by, as in `CRFParameters`.

    Returns:
        The normalised filter. The Gaussian is approximate, and the same as pydensecrf's up to rounding.
    """
    keys, weights, steps = _simplices(points, groups)
    count, corners = tf.unstack(tf.shape(weights, tf.int64))
    vertices, ids = tf.unique(tf.reshape(keys, [-1]), tf.int64)
    size = tf.size(vertices, tf.int64)
    blurs = _blurs(vertices, steps)

    mass = tf.math.unsorted_segment_sum(tf.reshape(weights, [-1]), ids, size)[:, None]
    for blur in blurs:
        mass = _product(blur, mass)
    mass = tf.reduce_sum(weights * tf.gather(mass[:, 0], tf.reshape(ids, [-1, corners])), 1)
    places = tf.stack([tf.repeat(tf.range(count), corners), ids], 1)

    def slicing(factor):
        return _sparse(places, tf.reshape(weights * factor[:, None], [-1]), (count, size))

    if normalization == "symmetric":
        both = slicing(tf.math.rsqrt(mass))
        return Lattice(_transposed(both), blurs, both)
    return Lattice(_transposed(slicing(tf.ones_like(mass))), blurs, slicing(1.0 / mass))


@functools.cache
def compiled_lattice(dimensions: int, normalization: str) -> Callable[[tf.Tensor], Lattice]:
    """`lattice` of points `[N, dimensions]` as a graph, whose steps run on several cores."""

    @tf.function(input_signature=[tf.TensorSpec([None, dimensions])])
    def parts(points):
        made = lattice(points, normalization=normalization)
        return made.splat, made.blurs, made.slice

    return lambda points: Lattice(*parts(points))


def _simplices(points: tf.Tensor, groups: tf.Tensor | None):
    """The simplex of each point.

    A vertex of the lattice in the plane of d + 1 coordinates that sum to zero has coordinates that are all congruent
    modulo d + 1. Rounding each to a multiple of d + 1 and correcting all by the error of the sum gives one vertex of
    the simplex; each next one is one step along the axis of the coordinate with the smallest remainder not yet taken
    (Adams et al., section 3.1 and proposition A.2).

    A vertex' key is linear in its coordinates, c_d + sum of radix_i (c_i - c_d) / (d + 1), so that a step along an axis
    adds the same number wherever it starts. Points have what ranges farthest first, which keeps the keys small.

    Returns:
        int64 `[N, d + 1]`, the keys of the vertices; float32 `[N, d + 1]`, the point's barycentric coordinates, which
        sum to one; int64 `[d + 1]`, what one step along each axis adds to a key.
    """
    dimensions = points.shape[1]
    corners = dimensions + 1
    scaled = tf.matmul(points, _embedding(dimensions))
    rounded = tf.round(scaled)
    remainders, axes = tf.math.top_k(scaled - rounded, corners)
    ascending = remainders[:, ::-1]
    weights = ascending - tf.roll(ascending, 1, 1) + tf.one_hot(0, corners)

    rounded = tf.cast(rounded, tf.int64)
    last, others = rounded[:, -1], rounded[:, 1:-1] - rounded[:, -1:]
    low = tf.reduce_min(others, 0) - MARGIN
    sizes = tf.reduce_max(others, 0) + MARGIN + 1 - low
    last -= tf.reduce_min(last) - MARGIN
    radices = tf.math.cumprod(tf.concat([[(tf.reduce_max(last) + MARGIN + 1) * corners], sizes], 0))
    key = corners * last - tf.reduce_sum(rounded, 1) + tf.reduce_sum((others - low) * radices[:-1], 1)
    if groups is not None:
        key += tf.cast(groups, tf.int64) * radices[-1]
    steps = tf.concat([[1], 1 - radices[:-1], [tf.reduce_sum(radices[:-1]) - dimensions]], 0)
    keys = [key]
    for step in tf.unstack(tf.gather(steps, axes[:, :0:-1]), axis=1):
        keys.append(keys[-1] + step)
    return tf.stack(keys, 1), weights, steps


def keys_fit(ranges: Sequence[float]) -> bool:
    """Whether points of such ranges have keys that fit into 64 bits: not where the Gaussian is extremely narrow.

    Example:
        >>> keys_fit([6000 / 67, 4000 / 67, 255 / 3, 255 / 3, 255 / 3]), keys_fit([1e6] * 5)
        (True, False)
    """
    spans = np.asarray(ranges) @ np.abs(_embedding(len(ranges)))
    widest = np.append(spans[1:-1] + spans[-1], spans[-1] * len(spans)) + 4 * MARGIN * len(spans)
    return float(np.log2(widest).sum()) < 62


def _embedding(dimensions: int) -> np.ndarray:
    """From points to the plane of the lattice, float32 `[d, d + 1]`, in units of d + 1 (Adams et al., page 5).

    The scale makes the blurs along all axes together a Gaussian of variance 1.
    """
    matrix = np.zeros((dimensions, dimensions + 1))
    for row in range(dimensions):
        matrix[row, : row + 1] = 1
        matrix[row, row + 1] = -row - 1
        matrix[row] *= np.sqrt(2 / 3 / (row + 1) / (row + 2))
    return matrix.astype(np.float32)


def _blurs(vertices: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Along each axis: a vertex itself, and half of each neighbour that exists."""
    size = tf.size(vertices, tf.int64)
    order = tf.argsort(vertices)
    ordered, order = tf.gather(vertices, order), tf.cast(order, tf.int64)
    own, none = tf.range(size), tf.fill([size], tf.constant(-1, tf.int64))
    blurs = []
    for step in tf.unstack(steps):
        wanted = ordered + step
        at = tf.minimum(tf.searchsorted(ordered, wanted), tf.size(vertices) - 1)
        found = tf.where(tf.gather(ordered, at) == wanted)
        lower, upper = tf.gather(order, found), tf.gather(order, tf.gather_nd(at, found))
        above = tf.tensor_scatter_nd_update(none, lower, upper)
        below = tf.tensor_scatter_nd_update(none, upper[:, None], lower[:, 0])
        columns = tf.reshape(tf.stack([below, own, above], 1), [-1])
        kept = tf.where(columns >= 0)[:, 0]
        rows, columns = kept // 3, tf.gather(columns, kept)
        blurs.append(_sparse(tf.stack([rows, columns], 1), tf.where(rows == columns, 1.0, HALF), (size, size)))
    return tuple(blurs)


def _sparse(places, values, shape) -> tf.Tensor:
    """A matrix in compressed rows; entries come row by row."""
    return tf.raw_ops.SparseTensorToCSRSparseMatrix(indices=places, values=values, dense_shape=tf.stack(shape))


def _transposed(matrix: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.SparseMatrixTranspose(input=matrix, type=tf.float32)


def _multiplied(matrix: tf.Tensor, values: tf.Tensor, transposed: bool = False) -> tf.Tensor:
    return tf.raw_ops.SparseMatrixMatMul(a=matrix, b=values, transpose_a=transposed)


def _product(matrix: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Sparse times dense, differentiable in the dense factor only: TensorFlow's own gradient makes a dense matrix."""

    @tf.custom_gradient
    def product(values):
        return _multiplied(matrix, values), lambda gradient: _multiplied(matrix, gradient, transposed=True)

    return product(values)


def _blurred(filter: Lattice, values: tf.Tensor) -> tf.Tensor:
    """Splat and blur as one step for the gradient."""

    @tf.custom_gradient
    def blurred(values):
        def backward(gradient):
            for blur in reversed(filter.blurs):
                gradient = _multiplied(blur, gradient)
            return _multiplied(filter.splat, gradient, transposed=True)

        values = _multiplied(filter.splat, values)
        for blur in filter.blurs:
            values = _multiplied(blur, values)
        return values, backward

    return blurred(values)
