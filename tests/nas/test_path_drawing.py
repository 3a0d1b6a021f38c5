"""The drawn path, read back from the picture."""

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from deeplab_tf.cost.drawing import INK
from deeplab_tf.nas import SearchSpace, genotype, random_genotype
from deeplab_tf.nas.path_drawing import PathPicture


def drawn(genes, beta=None):
    axes = Figure().add_axes((0, 0, 1, 1))
    PathPicture(genes, beta).draw(axes)
    return axes


@pytest.mark.parametrize(
    "genes", [genotype("auto_deeplab"), genotype("stacked_hourglass"), random_genotype(SearchSpace(6, 3), 1)]
)
def test_dark_nodes_and_arrows_are_the_path(genes):
    axes = drawn(genes)
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    rows = sorted({circle.center[1] for circle in circles}, reverse=True)
    dark = [circle.center for circle in circles if circle.get_facecolor() == matplotlib.colors.to_rgba(INK)]
    # Below the stem's row.
    assert [rows.index(y) - 1 for x, y in sorted(dark)] == list(genes.path)
    # From stride 2 to 4, to each cell, to the ASPP.
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == len(genes.path) + 2
    assert len(axes.lines) == SearchSpace(layers=len(genes.path)).link_mask.sum()
    texts = {text.get_text() for text in axes.texts}
    assert {"2", "4", "8", "16", "32", "downsample", "layer", "stem", "ASPP", str(len(genes.path))} <= texts


def test_probable_links_are_wide_and_dark():
    space = SearchSpace(layers=2, blocks=1)
    beta = np.zeros(space.beta_shape)
    # From the stem: to stride 4 with 3/4, to stride 8 with 1/4.
    beta[0, 0, 1] = np.log(3)
    same, twice, *_ = drawn(random_genotype(space, 0), beta).lines
    assert same.get_linewidth() > 2 * twice.get_linewidth() > 0
    assert float(same.get_color()) < float(twice.get_color()) < 1


def test_another_paths_beta_is_refused():
    with pytest.raises(ValueError, match=r"beta must be .* of the shape \(12, 4, 3\); received the shape \(6, 4, 3\)"):
        PathPicture(genotype("auto_deeplab"), np.zeros((6, 4, 3)))
