"""Results of one model or of two beside each other: a table, and files."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from deeplab_tf.checks import expect
from deeplab_tf.evaluation.evaluation import Evaluation, title, write_table
from deeplab_tf.files import write_json


def short_names(models: Sequence[str]) -> list[str]:
    """The last parts of paths, as many of them as tell the paths apart; the number of a version is no name.

    Args:
        models: The paths, at least one.

    Returns:
        A name for each, in their order; equal paths are numbered.

    Example:
        >>> short_names(["runs/a/model.keras", "runs/b/model.keras"]), short_names(["runs/voc"])
        (['a/model.keras', 'b/model.keras'], ['voc'])
        >>> short_names(["served/voc/1", "voc.tflite"])
        ['voc/1', 'voc.tflite']
    """
    parts = [Path(model).parts or (str(model),) for model in models]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-count:]) for path in parts]
        if len(set(names)) == len(names) and not any(map(str.isdecimal, names)):
            return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def save_json(path: str | os.PathLike, results: dict[str, Evaluation]) -> None:
    """Writes one result as `Evaluation.save_json` does, several by the models' names under `models`.

    Args:
        path: The file.
        results: By name of the model, at least one.

    Raises:
        ValueError: If the file cannot be written.

    Example:
        >>> save_json("metrics.json", {"voc": evaluate("model.keras", images)})
    """
    found = {name: result.to_dict() for name, result in results.items()}
    write_json(path, next(iter(found.values())) if len(found) == 1 else {"models": found})


def save_csv(path: str | os.PathLike, results: dict[str, Evaluation]) -> None:
    """Writes one result as `Evaluation.save_csv` does; of two each class's IoU and their difference.

    Args:
        path: The file.
        results: By name of the model, one or two of the same classes.

    Raises:
        ValueError: If there are more, or the file cannot be written.

    Example:
        >>> save_csv("classes.csv", {"voc": evaluate("model.keras", images)})
    """
    if len(results) == 1:
        return next(iter(results.values())).save_csv(path)
    header = ("class", *(f"iou {name}" for name in results), "difference")
    return write_table(path, header, compared(list(results.values())))


def compared(results: Sequence[Evaluation]) -> list[tuple]:
    """Of two results: each class's name, its two IoUs, and by how much the second is higher."""
    expect(len(results) == 2, "results", len(results), "two", "Compare two at a time.")
    first, second = (result.matrix.iou.tolist() for result in results)
    return [(name, a, b, b - a) for name, a, b in zip(results[0].labels.names, first, second)]


def comparison_table(results: Mapping[str, Evaluation]) -> str:
    """An aligned table of two results for people: a row for each class and each total.

    Args:
        results: By name of the model, two of the same classes.

    Returns:
        The table: IoU of each class, all totals, and the second's less the first's, each 0-1.

    Raises:
        ValueError: If there are not two.

    Example:
        >>> first, second = evaluate_all(["model.keras", "runs/voc"], images)
        >>> print(comparison_table({"first": first, "second": second}))
    """
    rows = compared(list(results.values()))
    first, second = results.values()
    totals = [(title(name), value, second.totals[name]) for name, value in first.totals.items()]
    width = max(len(name) for name, *_ in (*rows, *totals))
    widths = [max(6, len(name)) for name in results]
    lines = [
        "  ".join([f"{'IoU':<{width}}", *(f"{name:>{size}}" for name, size in zip(results, widths)), "difference"])
    ]
    body = [_line(name, a, b, width, widths) for name, a, b, _ in rows]
    return "\n".join([*lines, *body, "-" * len(lines[0]), *(_line(*total, width, widths) for total in totals)])


def _line(name: str, first: float, second: float, width: int, widths: Sequence[int]) -> str:
    cells = [f"{'-' if math.isnan(value) else f'{value:.4f}':>{size}}" for value, size in zip((first, second), widths)]
    difference = second - first
    return "  ".join([f"{name:<{width}}", *cells, f"{'-' if math.isnan(difference) else f'{difference:+.4f}':>10}"])
