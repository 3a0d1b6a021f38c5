"""What a search ends with; the room of backbones builds it."""

from deeplab_tf.backbones.genotype import Genotype, genotype

__all__ = ["Genotype", "genotype"]
