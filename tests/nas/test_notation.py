"""Genotypes as text."""

import pytest

from deeplab_tf.nas import genotype, genotype_table
from deeplab_tf.nas.notation import short_name


@pytest.mark.parametrize(
    "operation, short",
    [
        ("separable_5x5_2", "sep 5x5"), ("separable_3x3_1", "sep 3x3 x1"), ("atrous_3x3", "atr 3x3"),
        ("avg_pool_3x3", "avg 3x3"), ("max_pool_3x3", "max 3x3"), ("none", "skip"),
    ],
)  # fmt: skip
def test_short_names(operation, short):
    assert short_name(operation) == short


def test_a_table():
    genes = genotype({
        "operations": ["none", "atrous_3x3", "max_pool_3x3", "separable_3x3_2"], "hidden_states": [0, 1, 2, 0],
        "used_states": [1, 1, 1, 0], "path": [0, 0], "reduction": "inputs",
    })  # fmt: skip
    assert genotype_table(genes).splitlines() == [
        "block  adds                and",
        "    1  skip of H(l-1)      atr 3x3 of H(l-2)",
        "    2  max 3x3 of block 1  sep 3x3 of H(l-1)",
        "H(l-1) is the cell before, H(l-2) the one before that.",
        "Output: block 2",
        "Strides: 4 4",
        "Halved in a cell's inputs",
        "Decoder features: none",
    ]
