"""Pictures of a genotype: its path through the strides and its cell, as the Auto-DeepLab paper draws them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.cost import check_drawing_path
from deeplab_tf.files import replacing
from deeplab_tf.nas.cell_drawing import CellPicture
from deeplab_tf.nas.path_drawing import PathPicture

DPI = 150


def draw_genotype(genes: Genotype, path: str | os.PathLike, *, beta=None) -> None:
    """Draws a genotype's path and, below it, its cell, as figure 3 of the Auto-DeepLab paper.

    Args:
        genes: The genotype.
        path: A `.png`, `.pdf` or `.svg` file, written in one move.
        beta: The search's logits `[layers, levels, moves]`, by whose probabilities the links get their width; None
            draws all alike.

    Raises:
        ValueError: If the suffix is none that can be drawn, the file cannot be written, or `beta` is not the
            path's.

    Example:
        >>> draw_genotype(genotype("auto_deeplab"), "auto_deeplab.png")
    """
    _save(path, genotype_figure(genes, beta=beta))


def draw_path(genes: Genotype, path: str | os.PathLike, *, beta=None) -> None:
    """Draws a genotype's path among all that there are (Auto-DeepLab paper, figure 3); see `draw_genotype`.

    Args:
        genes: The genotype.
        path: A `.png`, `.pdf` or `.svg` file, written in one move.
        beta: As for `draw_genotype`.

    Raises:
        ValueError: As for `draw_genotype`.

    Example:
        >>> draw_path(genotype("conv_deconv"), "path.png")
    """
    _save(path, figure_of([PathPicture(genes, beta)]))


def draw_cell(genes: Genotype, path: str | os.PathLike) -> None:
    """Draws a genotype's cell (Auto-DeepLab paper, figure 3): operations in boxes, blocks as sums.

    Args:
        genes: The genotype.
        path: A `.png`, `.pdf` or `.svg` file, written in one move.

    Raises:
        ValueError: If the suffix is none that can be drawn, or the file cannot be written.

    Example:
        >>> draw_cell(genotype("auto_deeplab"), "cell.svg")
    """
    _save(path, figure_of([CellPicture(genes)]))


def genotype_figure(genes: Genotype, *, beta=None) -> Figure:
    """What `draw_genotype` writes, as a figure of matplotlib."""
    return figure_of([PathPicture(genes, beta), CellPicture(genes)])


def figure_of(pictures: Sequence[PathPicture | CellPicture]) -> Figure:
    """A figure of pictures below each other."""
    width, height = max(picture.width for picture in pictures), sum(picture.height for picture in pictures)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    top = height
    for picture in pictures:
        top -= picture.height
        axes = figure.add_axes((0, top / height, 1, picture.height / height))
        # Inches, from the middle of the picture's width.
        left = (picture.width - width) / 2
        axes.set(xlim=(left, left + width), ylim=(0, picture.height))
        axes.set_axis_off()
        picture.draw(axes)
    return figure


def _save(path: str | os.PathLike, figure: Figure) -> None:
    check_drawing_path(path)
    with replacing(path) as temporary:
        figure.savefig(temporary)
