"""The one rule for large images: scaled down to fit a size, antialiased; scores, not labels, are enlarged back.

Arrays, graphs, exports and the training pipeline all call these functions, so that they agree. The functions take
sizes as Python integers or as scalar tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

# "What the model says", for every argument `max_side`.
FROM_MODEL = "model"
# Values (pixels x classes) of a strip; about six times as many floats are held at once.
STRIP_VALUES = 1 << 22


def limit_of(size: int | Sequence[int] | None, name: str = "max_side") -> tuple[int, int] | None:
    """A size as (height, width).

    Args:
        size: A side, or (height, width), > 0; None for no limit.
        name: What to call it in the message.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> limit_of(513), limit_of([1025, 2049]), limit_of(None)
        ((513, 513), (1025, 2049), None)
    """
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, Sequence) and not isinstance(size, str) else (size, size)
    if len(sides) != 2 or any(not isinstance(side, int) or isinstance(side, bool) or side < 1 for side in sides):
        raise ValueError(f"{name} must be a side or (height, width) in pixels, or None; received {size!r}. Try 513.")
    return sides


def max_side_limit(max_side: int | Sequence[int] | str | None, image_size) -> tuple[int, int] | None:
    """What `max_side` means for a model of `image_size`: its own size where it is `FROM_MODEL`.

    Raises:
        ValueError: If `max_side` is neither a size nor None nor `FROM_MODEL`.

    Example:
        >>> max_side_limit("model", 513), max_side_limit(1025, 513), max_side_limit(None, 513)
        ((513, 513), (1025, 1025), None)
    """
    return limit_of(image_size, "image_size") if max_side == FROM_MODEL else limit_of(max_side)


def fitted_size(height, width, limit: tuple[int, int] | None):
    """The size at which an image fits a limit: its own if it fits, else the largest of its aspect that does.

    Args:
        height: Of the image, > 0.
        width: Of the image, > 0.
        limit: (height, width), or None for no limit.

    Returns:
        (height, width); halves are rounded up.

    Example:
        >>> fitted_size(2004, 3000, (513, 513)), fitted_size(375, 500, (513, 513))
        ((343, 513), (375, 500))
    """
    if limit is None:
        return height, width
    if isinstance(height, int):
        if height <= limit[0] and width <= limit[1]:
            return height, width
        if height * limit[1] > width * limit[0]:
            return limit[0], max(1, (2 * width * limit[0] + height) // (2 * height))
        return max(1, (2 * height * limit[1] + width) // (2 * width)), limit[1]
    rows, columns = tf.cast(height, tf.int64), tf.cast(width, tf.int64)
    high, wide = (tf.constant(side, tf.int64) for side in limit)
    upright = rows * wide > columns * high
    scaled_rows = tf.where(upright, high, tf.maximum((2 * rows * wide + columns) // (2 * columns), 1))
    scaled_columns = tf.where(upright, tf.maximum((2 * columns * high + rows) // (2 * rows), 1), wide)
    fits = (rows <= high) & (columns <= wide)
    return tuple(
        tf.cast(tf.where(fits, own, scaled), tf.int32)
        for own, scaled in ((rows, scaled_rows), (columns, scaled_columns))
    )


def shrunk(images: tf.Tensor, size) -> tf.Tensor:
    """Images at a smaller size, each pixel the mean of what it covers, rounded as files and 8-bit networks hold it.

    Args:
        images: uint8 `[B, H, W, 3]`.
        size: (height, width).

    Returns:
        uint8 `[B, height, width, 3]`; Pillow's bilinear resizing gives the same, to one grey level.
    """
    resized = tf.image.resize(images, tf.stack(size), antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def nearest(labels: tf.Tensor, size) -> tf.Tensor:
    """Labels, integer `[H, W]`, at another (height, width), by the nearest pixel."""
    for axis, (have, wanted) in enumerate(zip(tf.unstack(tf.shape(labels)), size)):
        positions = (2 * tf.range(wanted) + 1) * have // (2 * wanted)
        labels = tf.gather(labels, positions, axis=axis)
    return labels


def enlarged_labels(scores: tf.Tensor, size) -> tf.Tensor:
    """The best class of every pixel after scores were enlarged bilinearly, in strips that bound the memory.

    A class that is best at all four neighbours of a pixel is best there too, so only pixels between neighbours of
    different classes are interpolated.

    Args:
        scores: float `[B, h, w, C]`.
        size: (height, width).

    Returns:
        int32 `[B, height, width]`: the arg max of the enlarged scores, which themselves never exist as a whole.
    """
    height, width = size
    have_rows, have_columns, classes = tf.unstack(tf.shape(scores)[1:])
    x0, x1, fx = _taps(tf.range(width), have_columns, width)

    def image(scores):
        best = tf.argmax(scores, -1, output_type=tf.int32)
        down = tf.concat([best[1:], best[-1:]], 0)
        same = best == down
        right = tf.concat([same[:, 1:] & (best[:, 1:] == best[:, :-1]), same[:, -1:]], 1)
        cells = tf.where(same & right, best, -1)
        flat = tf.reshape(scores, (-1, classes))

        def strip(rows):
            y0, y1, fy = _taps(rows, have_rows, height)
            labels = tf.gather(tf.gather(cells, y0), x0, axis=1)
            open_pixels = tf.where(labels < 0)
            row, column = open_pixels[:, 0], open_pixels[:, 1]
            top, bottom = tf.gather(y0, row) * have_columns, tf.gather(y1, row) * have_columns
            left, right = tf.gather(x0, column), tf.gather(x1, column)
            across, along = tf.gather(fx, column)[:, None], tf.gather(fy, row)[:, None]
            upper = _between(tf.gather(flat, top + left), tf.gather(flat, top + right), across)
            lower = _between(tf.gather(flat, bottom + left), tf.gather(flat, bottom + right), across)
            found = tf.argmax(_between(upper, lower, along), -1, output_type=tf.int32)
            return tf.tensor_scatter_nd_update(labels, open_pixels, found)

        return _in_strips(strip, height, width * classes, tf.int32, (None, None))

    return tf.map_fn(image, scores, fn_output_signature=tf.TensorSpec((None, None), tf.int32))


def enlarged_probabilities(scores: tf.Tensor, size) -> tf.Tensor:
    """Softmax of bilinearly enlarged scores; twice the result's memory is needed for a moment.

    Args:
        scores: float32 `[B, h, w, C]`.
        size: (height, width).

    Returns:
        float32 `[B, height, width, C]`.
    """
    height, width = size
    classes = scores.shape[-1]

    def image(scores):
        def strip(rows):
            return tf.nn.softmax(enlarged_rows(scores, size, rows))

        return _in_strips(strip, height, width * classes, tf.float32, (None, None, classes))

    return tf.map_fn(image, scores, fn_output_signature=tf.TensorSpec((None, None, classes), tf.float32))


def enlarged_rows(scores: tf.Tensor, size, rows: tf.Tensor) -> tf.Tensor:
    """Some rows of the bilinearly enlarged scores.

    Args:
        scores: float `[h, w, C]`.
        size: (height, width) of the whole.
        rows: int32 `[n]`, which rows.

    Returns:
        float `[n, width, C]`.
    """
    height, width = size
    y0, y1, fy = _taps(rows, tf.shape(scores)[0], height)
    x0, x1, fx = _taps(tf.range(width), tf.shape(scores)[1], width)
    mixed = _between(tf.gather(scores, y0), tf.gather(scores, y1), fy[:, None, None])
    return _between(tf.gather(mixed, x0, axis=1), tf.gather(mixed, x1, axis=1), fx[None, :, None])


def _taps(positions: tf.Tensor, have, wanted) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The two neighbours of enlarged positions and the weight of the second; pixel centres lie at halves."""
    scale = tf.cast(have, tf.float32) / tf.cast(wanted, tf.float32)
    last = tf.cast(have - 1, tf.float32)
    source = tf.clip_by_value((tf.cast(positions, tf.float32) + 0.5) * scale - 0.5, 0.0, last)
    first = tf.cast(source, tf.int32)
    return first, tf.minimum(first + 1, have - 1), source - tf.cast(first, tf.float32)


def _between(first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    return first + (second - first) * weight


def _in_strips(strip: Callable, height, row_values, dtype: tf.DType, shape: tuple) -> tf.Tensor:
    """`strip(rows)` for all rows of an image, a few at a time, joined."""
    height = tf.convert_to_tensor(height)
    rows = tf.clip_by_value(STRIP_VALUES // row_values, 1, height)
    count = (height + rows - 1) // rows
    parts = tf.TensorArray(dtype, count, infer_shape=False, element_shape=shape)

    def body(index, parts):
        start = index * rows
        return index + 1, parts.write(index, strip(tf.range(start, tf.minimum(start + rows, height))))

    _, parts = tf.while_loop(lambda index, _: index < count, body, (0, parts), parallel_iterations=1)
    return parts.concat()
