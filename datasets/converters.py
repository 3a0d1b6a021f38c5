"""The converters of the data sets that `registry` has a row for: `convert_voc` and the others."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.common_options import COMMON, sections
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs, merge_splits, split_names
from deeplab_tf.datasets.data_source import DataSource
from deeplab_tf.datasets.registry import DATA_SETS

_PREFIX = "convert_"


def convert_dataset(
    name: str,
    root: str | os.PathLike,
    split: str | Sequence[str],
    output: str | os.PathLike,
    **options,
) -> ConversionReport:
    """Converts splits of a data set of the field, as `convert_voc` and the others do.

    Args:
        name: A name in `registry.DATA_SETS`, or a short one: `voc`.
        root: The data set's folder.
        split: The name of a split, or several.
        output: The folder to write; other splits in it stay.
        **options: The data set's own, see `convert_NAME`; and `shards`, `workers`, `skip_bad`, `overwrite` and
            `max_side`, as for `convert_pairs`.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If there is no such data set, its folder is not laid out as expected, the split or an option is
            unknown, a pair is missing or bad, or the output cannot be written.

    Example:
        >>> convert_dataset("camvid", "CamVid", "train", "camvid-tfrecords", classes=11).images
        {'train': 367}
    """
    source = _source(name)
    common = {option: options.pop(option) for option in COMMON if option in options}
    if unknown := sorted(options.keys() - inspect.signature(source.listing()).parameters.keys()):
        raise ValueError(f"{source.title} has no option {unknown[0]!r}; it has {_own_options(source)}.")
    splits = list(dict.fromkeys(source.aliases.get(split, split) for split in split_names(split)))
    if not splits:
        raise ValueError(f"No split is named. Name one or several, such as {list(source.splits)}.")
    found = {split: source.list_pairs(root, split, **_options_of(source, split, splits, options)) for split in splits}
    return convert_pairs(
        *merge_splits(found),
        output,
        source=source.name if source.complete is None or source.complete(**options) else None,
        **common,
    )


def _source(name: str) -> DataSource:
    known = DATA_SETS | {source.short: source for source in DATA_SETS.values()}
    return known[one_of("name", name, known, remedy="convert_folder and convert_pairs take any other data set.")]


def _own_options(source: DataSource) -> list[str]:
    return list(inspect.signature(source.listing()).parameters)[2:]


def _options_of(source: DataSource, split: str, splits: Sequence[str], options: dict) -> dict:
    """The options that a split takes; one that is for other splits only is refused where none of these is asked for."""
    only = {option.name: option.splits for option in source.options if option.splits}
    return {
        name: value
        for name, value in options.items()
        if name not in only or split in only[name] or not set(only[name]) & set(splits)
    }


def converter(source: DataSource) -> Callable[..., ConversionReport]:
    """`convert_dataset` for one data set, with its options, their defaults and their descriptions."""

    def convert(root, split, output, **options):
        return convert_dataset(source.name, root, split, output, **options)

    convert.__name__ = convert.__qualname__ = f"{_PREFIX}{source.short}"
    convert.__doc__ = _document(source, convert.__name__)
    known = {
        name: parameter
        for function in (convert_pairs, source.listing(), convert_dataset)
        for name, parameter in inspect.signature(function).parameters.items()
    }
    parameters = [known[name] for name in ("root", "split", "output", *_own_options(source), *COMMON)]
    convert.__signature__ = inspect.Signature(parameters, return_annotation=ConversionReport)
    return convert


def _document(source: DataSource, function: str) -> str:
    """The description of a converter: what the listing function says of its arguments, and what all have in common."""
    paragraphs, own = sections(source.listing())
    _, common = sections(convert_dataset)
    _, stored = sections(convert_pairs)
    arguments = common["Args"] | stored["Args"] | own.get("Args", {})
    order = ["root", "split", "output", *_own_options(source), *COMMON]
    root, output = source.example
    arguments["split"] += "\n        Several may be given."
    blocks = [
        f"Converts splits of {source.title}. Classes: {source.classes}.",
        *([f"Publication: {source.publication}."] if source.publication else []),
        *paragraphs[1:],
        "Args:\n" + "\n".join(arguments[name] for name in order if name in arguments),
        "Returns:\n" + "\n".join(common["Returns"].values()),
        "Raises:\n" + "\n".join((own.get("Raises", {}) | common["Raises"]).values()),
    ]
    split, images = next(iter(source.splits.items()))
    call = f'{function}("{root}", "{split}", "{output}")'
    shown = f"{call}.images\n    {{'{split}': {images}}}" if source.complete is None else call
    blocks.append(f"Example:\n    >>> {shown}")
    return "\n\n".join(blocks) + "\n"


def __getattr__(name: str) -> Callable[..., ConversionReport]:
    """`convert_NAME` of every data set."""
    short = {source.short: source for source in DATA_SETS.values()}
    if name.removeprefix(_PREFIX) not in short or not name.startswith(_PREFIX):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = converter(short[name.removeprefix(_PREFIX)])
    return globals()[name]
