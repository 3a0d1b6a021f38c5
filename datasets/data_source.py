"""What is to know about a data set, in one row of `registry`."""

from __future__ import annotations

import dataclasses
import inspect
import os
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplab_tf.labels import LabelSpec, label_spec

if TYPE_CHECKING:
    from deeplab_tf.datasets.audit.findings import Finding
    from deeplab_tf.datasets.records.pairs import Pair

_PREPARED = ("train", "val")


@dataclasses.dataclass(frozen=True)
class Option:
    """A keyword argument of what lists a data set's pairs, as the command line offers it.

    Args:
        name: The argument's name.
        help: What the command line says of it.
        kind: `str`, `int`, `float` or `Path`.
        default: The argument's own default.
        choices: The only values, if they are few.
        between: What a number lies between.
        least: The smallest value of a whole number.
        splits: The splits that take it, if only some do.
    """

    name: str
    help: str
    kind: type = str
    default: Any = None
    choices: tuple[str, ...] = ()
    between: tuple[float, float] | None = None
    least: int | None = None
    splits: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class DataSource:
    """A data set as it is published, and how it is read.

    Args:
        name: Its name in Python and on the command line.
        pairs: Lists the pairs of a split: a function of root, split and the data set's options, or its name as
            `package.module:function`. Where `labels` is None it returns the pairs and their label specification.
        labels: What `label_spec` takes for the labels; or a function of the options that gives it; or None.
        example: A root and an output, for examples.
        title: What people call it.
        where: Where to get it.
        layout: What the folder given as root must look like.
        splits: Number of images of its official splits.
        classes: How many classes its masks can get.
        options: Its own options.
        short: A shorter name, for `convert_NAME`, the command line and TFDS.
        aliases: Other names of splits, and the splits they mean.
        complete: Whether options keep all images of a split, so that the published numbers are expected. None: always.
        lists: Finds what is wrong with the lists of a root, for the audit: a function of root and splits that returns
            `Finding`s, or its name, as `pairs`.
        prepared: Lists the pairs of all splits that a root has, for TFDS: a function or its name, as `pairs`. None:
            `train` and `val`.
        publication: Who published it, and where.
    """

    name: str
    pairs: str | Callable[..., Any]
    labels: LabelSpec | Mapping | str | int | Callable[..., str] | None
    example: tuple[str, str]
    title: str
    where: str
    layout: str
    splits: Mapping[str, int]
    classes: str
    options: tuple[Option, ...] = ()
    short: str = ""
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
    complete: Callable[..., bool] | None = None
    lists: str | Callable[..., Any] | None = None
    prepared: str | Callable[..., Any] | None = None
    publication: str = ""

    def __post_init__(self):
        object.__setattr__(self, "short", self.short or self.name)

    @property
    def tfds_name(self) -> str | None:
        """What TFDS calls it; None where the labels are not known before the files are."""
        return None if self.labels is None else f"deeplab_{self.short}"

    def listing(self) -> Callable[..., Any]:
        """The function that lists the pairs."""
        return _resolved(self.pairs)

    def list_pairs(self, root: str | os.PathLike, split: str, **options) -> tuple[list[Pair], LabelSpec]:
        """The pairs of one split and what their label ids mean.

        Raises:
            ValueError: If the folder is not laid out so, or the split or an option is unknown.
        """
        found = self.listing()(root, split, **options)
        return found if self.labels is None else (found, self.label_spec(**options))

    def label_spec(self, **options) -> LabelSpec:
        """The labels that options lead to, where they are known before the files are."""
        return label_spec(self.labels(**options) if callable(self.labels) else self.labels)

    def findings_of_lists(self, root: Path, splits: Iterable[str]) -> tuple[Finding, ...]:
        """What is wrong with the lists that name the pairs of these splits."""
        return () if self.lists is None else tuple(_resolved(self.lists)(root, splits))

    def prepared_pairs(self, root: Path) -> dict[str, list[Pair]]:
        """The pairs of all splits that a folder has."""
        if self.prepared is not None:
            return _resolved(self.prepared)(root)
        return {split: self.list_pairs(root, split)[0] for split in _PREPARED}

    def prepared_splits(self) -> str:
        """What `prepared_pairs` gives, in words."""
        if self.prepared is None:
            return f"{' and '.join(_PREPARED)}."
        return inspect.getdoc(_resolved(self.prepared)) or ""


def _resolved(function: str | Callable) -> Callable:
    return pkgutil.resolve_name(function) if isinstance(function, str) else function
