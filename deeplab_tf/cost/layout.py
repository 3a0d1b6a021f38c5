"""Where each group of a network stands in its drawing: columns along the network, rows by stride."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from deeplab_tf.cost.parts import BACKBONE, MULTI_SCALE, OTHER, PYRAMID, Place
from deeplab_tf.cost.report import Group, ModelCost, rate_text

# A backbone of more groups than this is drawn with runs of equal ones as one.
MOST_BLOCKS = 12
IMAGE = Place("image", "image")


@dataclasses.dataclass
class Node:
    """One box.

    Args:
        places: The groups that it stands for.
        part: The part of the network that decides its colour.
        title: Its name.
        detail: Channels and rates.
        level: Image size over size of its map.
        size: Height and width of its map; None where it stands beside its level.
        inputs: Index of the nodes that it reads.
        parameters: Learned values.
        multiply_adds: For one image.
        column: From the left.
        slot: From the top among the nodes of its column and level.
    """

    places: tuple[Place, ...]
    part: str
    title: str
    detail: str
    level: float
    size: tuple[int, int] | None = None
    inputs: set[int] = dataclasses.field(default_factory=set)
    parameters: int = 0
    multiply_adds: int = 0
    column: int = 0
    slot: int = 0


def layout(cost: ModelCost) -> list[Node]:
    """The boxes of the drawing, the image first, each with its column, level and slot."""
    size = tuple(cost.input_shape[:2])
    nodes = [Node((IMAGE,), IMAGE.part, "image", _sides(cost.input_shape), 1.0, size)]
    nodes += [_node(cost, run) for run in _runs(cost)]
    index = {spot: number for number, node in enumerate(nodes) for spot in node.places}
    for number, node in enumerate(nodes[1:], start=1):
        groups = [group for group in cost.groups if group.place in node.places]
        node.inputs = {index[source] for group in groups for source in group.inputs} - {number}
        if any(group.reads_image for group in groups):
            node.inputs.add(0)
    _set_columns(nodes)
    _set_slots(nodes)
    return nodes


def _runs(cost: ModelCost) -> list[list[Group]]:
    """The groups, runs of equal blocks of a long backbone taken together."""
    merges = sum(group.part == BACKBONE for group in cost.groups) > MOST_BLOCKS
    runs: list[list[Group]] = []
    for group in cost.groups:
        last = runs[-1][-1] if runs else None
        if (
            merges
            and last is not None
            and group.part == last.part == BACKBONE
            and group.inputs == {last.place}
            and _shape(cost, group) == _shape(cost, last)
            and "_" in group.name
        ):
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs


def _shape(cost: ModelCost, group: Group) -> tuple:
    return (group.channels, cost.stride(group), group.rates, group.name.rstrip("0123456789").rstrip("_"))


def _node(cost: ModelCost, run: Sequence[Group]) -> Node:
    first, last = run[0], run[-1]
    rates = rate_text(first.rates)
    detail = _sides(last.output) if last.part == PYRAMID else f"{last.channels} channels"
    detail += f", rate {rates}" if rates else ""
    return Node(
        places=tuple(group.place for group in run),
        part=last.part,
        title=_title(first, last),
        detail=detail,
        level=1.0 if last.part == PYRAMID else cost.stride(last),
        size=None if last.part == PYRAMID else last.output[:2],
        parameters=sum(group.parameters for group in run),
        multiply_adds=sum(group.multiply_adds for group in run),
    )


def _sides(shape: Sequence[int]) -> str:
    return " × ".join(str(side) for side in shape)


def _title(first: Group, last: Group) -> str:
    name = re.sub(r"_flow\.block", " flow ", first.name).replace("block", "block ").replace("_", " ")
    if first is not last:
        return f"{name}–{last.name.rsplit('_', 1)[1]}"
    if first.part == OTHER:
        return first.name
    units = {match[1] for layer in first.layers if (match := re.search(r"\.unit_(\d+)\.", layer.name))}
    return f"{name} × {len(units)}" if len(units) > 1 else name


def _set_columns(nodes: list[Node]) -> None:
    """As far left as what it reads allows; a multi-scale head's branches as far right as their reader allows."""
    done: dict[int, int] = {0: 0}

    def column(number: int) -> int:
        if number not in done:
            done[number] = 1 + max((column(source) for source in nodes[number].inputs), default=0)
        return done[number]

    for number, node in enumerate(nodes):
        node.column = column(number)
    for number, node in enumerate(nodes):
        readers = [other.column for other in nodes if number in other.inputs]
        if node.part == MULTI_SCALE and readers:
            node.column = min(readers) - 1


def _set_slots(nodes: list[Node]) -> None:
    taken: dict[tuple[int, float], int] = {}
    for node in nodes:
        key = (node.column, node.level)
        node.slot = taken.get(key, 0)
        taken[key] = node.slot + 1
