"""Backbones of searched cells: Auto-DeepLab's (arXiv 1901.02985) and PNASNet's, as the release builds them."""

from __future__ import annotations

from collections.abc import Mapping

from deeplab_tf.backbones.features import OUTPUT_STRIDES, Backbone, Features
from deeplab_tf.backbones.genotype import GENOTYPES, STEM, Genotype
from deeplab_tf.backbones.genotype import genotype as resolve_genotype
from deeplab_tf.backbones.nas_cell import Cell, build_cell, conv, relu
from deeplab_tf.backbones.width import Width
from deeplab_tf.checks import number, one_of, whole
from deeplab_tf.layers import ImageScale, Norm, normalize_images

MOMENTUM, EPSILON = 0.9997, 1e-3
STEM_FILTERS = (64, 64, 128)
BASE_FILTERS = 20


def stem(images, scope: str, norm: Norm, scaled: Width):
    """The map at stride 2 before its activation, and the one at stride 4."""
    x = normalize_images(images, scope)
    maps = []
    for index, (filters, stride) in enumerate(zip(STEM_FILTERS, (2, 1, 2))):
        name = f"{scope}.conv{index}"
        x = conv(relu(x, name) if index else x, scaled(filters), 3, name, f"{name}_bn", norm, stride)
        maps.append(x)
    return maps[1:]


def searched(
    images,
    genes: Genotype,
    *,
    scope: str,
    frozen_statistics: bool = False,
    base_filters: int = BASE_FILTERS,
    depth_multiplier: float = 1.0,
    drop_path_keep: float = 1.0,
    drop_path_steps: int | None = None,
) -> Features:
    """Builds the network that a genotype describes.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        genes: Its cell and its path.
        scope: First part of the layers' names.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.
        base_filters: Channels of a cell's states at stride 4; doubled with the stride.
        depth_multiplier: Scales the channels of every layer, those of the stem too, > 0; to the nearest whole number.
        drop_path_keep: Fraction of an image's paths kept by the last cell in training; the earlier cells keep more.
        drop_path_steps: Training steps over which the shares dropped rise from 0, as in the release; None for no rise.

    Returns:
        The last cell's output after a ReLU, filters x concatenated states, at the path's last stride, and the
        genotype's taps.

    Raises:
        ValueError: If the filters or the fraction are not possible.

    Example:
        >>> searched(keras.Input((321, 321, 3)), GENOTYPES["auto_deeplab"], scope="hnasnet").last.shape
        (None, 41, 41, 200)
    """
    base_filters = whole("base_filters", base_filters, remedy="Published are 20, 32 and 48.")
    drop_path_keep = number("drop_path_keep", drop_path_keep, above=0, most=1, remedy="1 drops nothing.")
    norm, scaled = Norm(MOMENTUM, EPSILON, frozen_statistics), Width(depth_multiplier, divisor=None)
    outputs = stem(images, scope, norm, scaled)
    x, level = outputs[-1], 0
    for index, target in enumerate(genes.path):
        name = f"{scope}.cell_{index}"
        if target < level:
            x = ImageScale(2.0, name=f"{name}.resize")(x)
        cell = Cell(
            scope=name,
            filters=scaled(base_filters) * 2**target,
            stride=2 if target > level else 1,
            norm=norm,
            drop_path=(index + 1) / len(genes.path) * (1 - drop_path_keep),
            drop_path_steps=drop_path_steps,
        )
        x = build_cell(x, outputs[-2], genes, cell)
        outputs.append(x)
        level = target
    # The stem gave two maps, of which the second stands at index 1 and is what STEM means.
    taps = {stride: outputs[cell - STEM + 1] for stride, cell in genes.taps}
    return Features(relu(x, f"{scope}.last"), taps)


def hnasnet(
    images, *, output_stride: int = 8, genotype: Genotype | Mapping | str = "auto_deeplab", **options
) -> Features:
    """Auto-DeepLab's network, or that of any other genotype.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        output_stride: That at which the genotype's path ends.
        genotype: A genotype, its dictionary, its name, or a `.json` file.
        **options: As `searched` takes them.

    Returns:
        As `searched`.

    Raises:
        ValueError: If the output stride is not the path's, or an option is not possible.

    Example:
        >>> hnasnet(keras.Input((321, 321, 3))).last.shape
        (None, 41, 41, 200)
    """
    genes = resolve_genotype(genotype)
    if output_stride != genes.stride:
        raise ValueError(
            f"This genotype's path ends at stride {genes.stride}; received output_stride={output_stride}. "
            f"Give output_stride={genes.stride}, or a genotype with another path."
        )
    return searched(images, genes, scope="hnasnet", **options)


def pnasnet(images, *, output_stride: int = 16, **options) -> Features:
    """PNASNet's cell on the release's path for each output stride; no atrous rates, so weights differ between them.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        output_stride: 8, 16 or 32.
        **options: As `searched` takes them.

    Returns:
        As `searched`.

    Raises:
        ValueError: If the output stride or an option is not possible.

    Example:
        >>> pnasnet(keras.Input((321, 321, 3))).last.shape
        (None, 21, 21, 400)
    """
    output_stride = one_of("output_stride", output_stride, OUTPUT_STRIDES)
    return searched(images, GENOTYPES[f"pnasnet_{output_stride}"], scope="pnasnet", **options)


GREY = (127.5, 127.5, 127.5)
OPTIONS = ("base_filters", "depth_multiplier", "drop_path_keep", "drop_path_steps")
HNASNET = Backbone(hnasnet, "hnasnet", GREY, options=("genotype", *OPTIONS))
PNASNET = Backbone(pnasnet, "pnasnet", GREY, options=OPTIONS)
