"""Searched architectures as data."""

from deeplab_tf.nas.genotype import GENOTYPES, INPUT_STATES, STEM, Genotype, Operation, genotype

__all__ = ["GENOTYPES", "INPUT_STATES", "STEM", "Genotype", "Operation", "genotype"]
