"""The size to which an image of any size is padded, as the release does."""

from __future__ import annotations

import tensorflow as tf

from deeplab_tf.checks import is_whole


def canvas_size(height, width, output_stride: int, crop_size=None):
    """The size to which an image is padded: at least the crop size, and of the form k x output_stride + 1.

    At such a size every resize inside the network is an exact integer factor. Works on Python integers and on
    scalar tensors alike.

    Args:
        height: Image height, > 0.
        width: Image width, > 0.
        output_stride: The network's.
        crop_size: (height, width) that the network was trained on, or None.

    Returns:
        (height, width) of the canvas.

    Example:
        >>> canvas_size(375, 500, 16, (513, 513)), canvas_size(375, 500, 16)
        ((513, 513), (385, 513))
    """
    sides = []
    for side, least in zip((height, width), crop_size or (0, 0), strict=True):
        fitting = (side + output_stride - 2) // output_stride * output_stride + 1
        if is_whole(side):
            sides.append(int(least if side <= least else fitting))
        else:
            sides.append(tf.where(side <= least, least, fitting))
    return tuple(sides)
