"""Rows of classifiers carried over from one list of classes to another, by the classes' names."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Mapping, Sequence

import numpy as np

from deeplab_tf.labels import LabelSpec

logger = logging.getLogger(__name__)
UNNAMED = re.compile(r"class_\d+$")


@dataclasses.dataclass(frozen=True)
class ClassRows:
    """Which class of a source each class of a target goes on from.

    Args:
        source: The source's classes.
        target: The target's classes.

    Example:
        >>> rows = ClassRows(label_spec("pascal_voc"), LabelSpec(("_background_", "zebra", "Cat")))
        >>> rows.pairs
        {0: 0, 2: 8}
    """

    source: LabelSpec
    target: LabelSpec

    @property
    def same(self) -> bool:
        """Whether every row keeps its place: the same names, or as many classes of which one side names none."""
        ours, theirs = self.target.names, self.source.names
        unnamed = all(map(UNNAMED.match, ours)) or all(map(UNNAMED.match, theirs))
        return ours == theirs or (len(ours) == len(theirs) and unnamed)

    @property
    def pairs(self) -> dict[int, int]:
        """By row of the target, the source's row of the same name, whatever its case, blanks and underscores."""
        if self.same:
            return {row: row for row in range(self.target.classes)}
        known = _by_name(self.source.names)
        found = {row: known.get(name) for name, row in _by_name(self.target.names).items()}
        return {row: found[row] for row in sorted(found) if found[row] is not None}

    @property
    def complete(self) -> bool:
        """Whether no class of the target starts fresh."""
        return len(self.pairs) == self.target.classes

    def __str__(self) -> str:
        carried = [self.target.names[row] for row in self.pairs]
        fresh = [name for name in self.target.names if name not in carried]
        return f"carried over {', '.join(carried) or 'no class'}; fresh: {', '.join(fresh) or 'none'}"

    def merged(
        self, ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], reads_classes: bool = False
    ) -> list[np.ndarray] | None:
        """A classifier's kernel and bias with the carried rows in them.

        Args:
            ours: Kernel `[..., C, classes]` and bias `[classes]` of the target.
            theirs: Those of the source.
            reads_classes: The input begins with a map of the classes, as where a decoder refines logits.

        Returns:
            The new kernel and bias; None where no row is carried, or the sources differ in more than their classes.
        """
        pairs = self.pairs
        (kernel, bias), (other, other_bias) = (tuple(map(np.array, values)) for values in (ours, theirs))
        begins = (self.target.classes, self.source.classes) if reads_classes else (0, 0)
        others, theirs_others = kernel.shape[-2] - begins[0], other.shape[-2] - begins[1]
        fits = kernel.shape[:-2] == other.shape[:-2] and others == theirs_others >= 0
        counts = (kernel.shape[-1], other.shape[-1]) == (self.target.classes, self.source.classes)
        if not (pairs and fits and counts):
            return None
        to, of = (np.array(rows) for rows in (list(pairs), list(pairs.values())))
        inputs = [
            np.concatenate([rows if reads_classes else [], begin + np.arange(others)]).astype(int)
            for rows, begin in zip((to, of), begins)
        ]
        kernel[..., inputs[0][:, None], to] = other[..., inputs[1][:, None], of]
        bias[to] = other_bias[of]
        return [kernel, bias]

    def carry(
        self, layers: Mapping, theirs: Mapping[str, Sequence[np.ndarray]], classifiers: Mapping[str, bool]
    ) -> list:
        """Fills classifiers in place, and logs which classes were carried over.

        Args:
            layers: The target's layers by name.
            theirs: Kernel and bias of the source by the same names.
            classifiers: The target's, as `SegmentationModel.classifiers` has them.

        Returns:
            Names of the classifiers that were filled.
        """
        filled = []
        for name, reads in classifiers.items():
            values = self.merged(layers[name].get_weights(), theirs[name], reads) if name in theirs else None
            if values is not None:
                layers[name].set_weights(values)
                filled.append(name)
        if filled:
            logger.info("%s: %s.", ", ".join(filled), self)
        return filled


def _by_name(names: Sequence[str]) -> dict[str, int]:
    """Rows by what counts of their names; those without a name, and names that occur twice, are left out."""
    keys = [re.sub(r"[\W_]+", "", name.casefold()) or name for name in names]
    named = [key for key, name in zip(keys, names) if not UNNAMED.match(name)]
    return {key: row for row, key in enumerate(keys) if named.count(key) == 1}
