"""Auto-DeepLab's search (arXiv 1901.02985): space, supernet, search, decoding, pictures."""

from deeplab_tf.backbones.genotype import Genotype, genotype
from deeplab_tf.nas.decoding import decode, entropies, one_hot, random_genotype
from deeplab_tf.nas.drawing import draw_cell, draw_genotype, draw_path
from deeplab_tf.nas.notation import genotype_table
from deeplab_tf.nas.space import OPERATIONS, SearchSpace

__all__ = [
    "OPERATIONS",
    "Genotype",
    "SearchSpace",
    "decode",
    "draw_cell",
    "draw_genotype",
    "draw_path",
    "entropies",
    "genotype",
    "genotype_table",
    "one_hot",
    "random_genotype",
]
