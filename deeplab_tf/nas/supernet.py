"""The supernet: stem, all cells, and an ASPP at each stride whose logits are summed (section 4.1)."""

from __future__ import annotations

import keras

from deeplab_tf.backbones.genotype import STRIDES
from deeplab_tf.backbones.nas import EPSILON, MOMENTUM, stem
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import expect, sides, whole
from deeplab_tf.heads import aspp, classifier
from deeplab_tf.layers import Norm, ResizeLike, head_norm
from deeplab_tf.nas.space import SearchSpace
from deeplab_tf.nas.supernet_cells import SupernetCells

CELLS = "cells"
# Atrous rate of a head's one atrous branch, in pixels of the image.
FIELD = 96


def supernet(
    space: SearchSpace,
    classes: int,
    image_size: int | tuple[int, int],
    *,
    recompute: bool = False,
    seed: int = 0,
) -> keras.Model:
    """The network in which all of a space's cells and paths are at once (Auto-DeepLab paper, section 4.1).

    Args:
        space: What is searched over.
        classes: Number of classes.
        image_size: Side or (height, width) of the images, each a multiple of the space's largest stride and 1 more, so
            that the maps of all strides lie on each other.
        recompute: As `SupernetCells` takes it.
        seed: Of the initial values of the cells; the others' are Keras's.

    Returns:
        A functional model from images, float `[B, H, W, 3]`, RGB, 0-255, to logits, float32 `[B, H, W, classes]`. Its
        layer `cells` is a `SupernetCells`, which has alpha and beta.

    Raises:
        ValueError: If an argument is not possible.

    Example:
        >>> model = supernet(SearchSpace(layers=3, blocks=2, filters=4), 11, 65)
        >>> model.output_shape
        (None, 65, 65, 11)
    """
    classes = whole("classes", classes, remedy="Give the number of classes.")
    size = size_of_images(space, image_size)
    images = keras.Input((*size, 3), name="images")
    norm = Norm(MOMENTUM, EPSILON)
    maps = stem(images, "stem", norm, Width(1.0, divisor=None))
    cells = SupernetCells(space, recompute=recompute, seed=seed, name=CELLS)
    logits = [
        ResizeLike(name=f"logits_{STRIDES[level]}.resize")([_head(x, level, space, classes), images])
        for level, x in enumerate(cells(maps))
    ]
    total = keras.layers.Add(name="logits")(logits) if len(logits) > 1 else logits[0]
    return keras.Model(images, total, name="supernet")


def _head(x, level: int, space: SearchSpace, classes: int):
    """1x1, one atrous and image pooling branch at a stride, as a network of its own: their layers share names."""
    stride = STRIDES[level]
    channels = space.blocks * space.filters * 2**level
    inputs = keras.Input(x.shape[1:])
    features = keras.layers.Activation("relu", name="last")(inputs)
    # Beyond the map there is nothing to see.
    rate = max(1, min(FIELD // stride, min(x.shape[1:3]) - 1))
    features = aspp(features, (rate,), norm=head_norm(), filters=channels, dropout=0.0)
    return keras.Model(inputs, classifier(features, classes), name=f"head_{stride}")(x)


def size_of_images(space: SearchSpace, value, name: str = "image_size") -> tuple[int, int]:
    """(height, width) of images that a space's supernet takes.

    Raises:
        ValueError: If the maps of its strides would not lie on each other.
    """
    stride = STRIDES[max(space.levels(space.layers - 1))]
    size = sides(name, value, above=1, remedy=f"Take {4 * stride + 1}.")
    near = [max(1, round((side - 1) / stride)) * stride + 1 for side in size]
    fitting = all(side > stride and side % stride == 1 for side in size)
    expected = f"a multiple of {stride}, the largest stride of {space.layers} layers, and 1 more"
    expect(fitting, name, size, expected, f"Take {near[0]}x{near[1]}, or fewer layers.")
    return size
