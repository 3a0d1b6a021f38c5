"""Pictures of genotypes as files."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.nas import SearchSpace, draw_cell, draw_genotype, draw_path, random_genotype

SPACE = SearchSpace(layers=4, blocks=2)


@pytest.mark.parametrize("draw", [draw_genotype, draw_path, draw_cell])
def test_a_picture_has_ink_and_margins(draw, tmp_path):
    draw(random_genotype(SPACE, 0), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        grey = np.asarray(picture.convert("L"))
    assert (grey < 60).mean() > 0.005
    assert all((edge == 255).all() for edge in (grey[0], grey[-1], grey[:, 0], grey[:, -1]))


@pytest.mark.parametrize("name, start", [("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_vectors(name, start, tmp_path):
    draw_genotype(random_genotype(SPACE, 0), tmp_path / name, beta=np.zeros(SPACE.beta_shape))
    assert (tmp_path / name).read_bytes().startswith(start)


def test_other_suffixes_are_refused_and_nothing_is_left(tmp_path):
    for draw in (draw_genotype, draw_path, draw_cell):
        with pytest.raises(ValueError, match="A drawing is a file in .png, .pdf, .svg; received .*a.bmp"):
            draw(random_genotype(SPACE, 0), tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())
