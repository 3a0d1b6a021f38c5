"""Genotypes as text: short names of operations, a table of the cell."""

from __future__ import annotations

from deeplab_tf.backbones.genotype import INPUT_STATES, STEM, Genotype
from deeplab_tf.backbones.operation import Operation

NAMES = {"separable": "sep", "atrous": "atr", "avg_pool": "avg", "max_pool": "max"}
USUAL_REPEATS = 2


def short_name(operation: str) -> str:
    """An operation as pictures and tables show it.

    Example:
        >>> short_name("separable_3x3_2"), short_name("none")
        ('sep 3x3', 'skip')
    """
    parsed = Operation.parse(operation)
    if parsed.kind == "none":
        return "skip"
    times = f" x{parsed.repeats}" if parsed.kind == "separable" and parsed.repeats != USUAL_REPEATS else ""
    return f"{NAMES[parsed.kind]} {parsed.kernel_size}x{parsed.kernel_size}{times}"


def genotype_table(genes: Genotype) -> str:
    """What a genotype's blocks add, and the strides of its cells, as lines of text.

    Args:
        genes: The genotype.

    Returns:
        A line for each block, then the outputs, the strides and the decoder's features.

    Example:
        >>> print(genotype_table(genotype("auto_deeplab")).splitlines()[3])
            3  sep 3x3 of block 2  sep 3x3 of H(l-2)
    """
    sides = [
        f"{short_name(operation)} of {_state(state)}" for operation, state in zip(genes.operations, genes.hidden_states)
    ]
    width = max(map(len, sides))
    rows = [f"{block + 1:5}  {sides[2 * block]:{width}}  {sides[2 * block + 1]}" for block in range(genes.combinations)]
    taps = [
        f"stride {stride} of {'the stem' if cell == STEM else f'layer {cell + 1}'}" for stride, cell in genes.taps or ()
    ]
    return "\n".join(
        [
            f"block  {'adds':{width}}  and",
            *rows,
            "H(l-1) is the cell before, H(l-2) the one before that.",
            f"Output: {', '.join(map(_state, genes.output_states))}",
            f"Strides: {' '.join(map(str, genes.strides))}",
            f"Halved in a cell's {genes.reduction}",
            f"Decoder features: {', '.join(taps) or 'none'}",
        ]
    )


def _state(state: int) -> str:
    return f"block {state - INPUT_STATES + 1}" if state >= INPUT_STATES else f"H(l-{state + 1})"
