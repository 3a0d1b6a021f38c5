"""What a network costs, as values, tables and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from deeplab_tf.cost.parts import BACKBONE, Place


@dataclasses.dataclass
class LayerCost:
    """One layer.

    Args:
        name: Its name; inside a nested model, after that model's name and a slash.
        kind: Its class.
        part: The part of the network that it belongs to.
        group: The block, branch or stage inside the part.
        input: `(H, W, C)` of its first input, in its first call.
        output: `(H, W, C)` of what it gives, in its first call.
        kernel: Height and width of its kernel or window; None without one.
        stride: Down and to the right; None without.
        rate: Atrous rate, down and to the right; None without.
        parameters: Learned values: all of its weights but moving statistics, frozen or not.
        trainable: Values that training changes as the model stands.
        values: All values, moving statistics included.
        multiply_adds: For one image, over all calls.
        calls: How often the network uses the layer on one image.
        counted: False for a layer with matrices whose multiply-adds nobody told how to count.
    """

    name: str
    kind: str
    part: str
    group: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    kernel: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    rate: tuple[int, ...] | None
    parameters: int
    trainable: int
    values: int
    multiply_adds: int = 0
    calls: int = 0
    counted: bool = True


def _sum(name: str, text: str) -> property:
    return property(lambda self: sum(getattr(layer, name) for layer in self.layers), doc=text)


class _OfLayers:
    """Sums over `layers`."""

    parameters = _sum(
        "parameters",
        "Learned values: every weight except moving statistics, frozen or not; what papers call parameters.",
    )
    trainable = _sum("trainable", "Values that training changes as the model stands.")
    values = _sum("values", "All values, moving statistics included: what a file holds.")
    multiply_adds = _sum("multiply_adds", "For one image.")


@dataclasses.dataclass
class Group(_OfLayers):
    """A block of the backbone, a branch of the ASPP, a stage of the decoder: layers that are drawn and added together.

    Args:
        part: The part of the network that it belongs to.
        name: Its name inside the part.
        scale: Fraction of the image's size that it sees; where it sees several, the largest.
        output: `(H, W, C)` of what it gives, at that scale.
        layers: Its layers.
        inputs: The groups that it reads.
        reads_image: Whether it reads the image itself.
        column: Number of groups on the longest way from the image to it.
    """

    part: str
    name: str
    scale: float = 1.0
    output: tuple[int, ...] = ()
    layers: list[LayerCost] = dataclasses.field(default_factory=list)
    inputs: set[Place] = dataclasses.field(default_factory=set)
    reads_image: bool = False
    column: int = 0

    @property
    def place(self) -> Place:
        """Its part and name, as in the `inputs` of other groups."""
        return Place(self.part, self.name)

    @property
    def channels(self) -> int:
        """Channels of its output."""
        return self.output[-1]

    @property
    def rates(self) -> tuple[tuple[int, ...], ...]:
        """The atrous rates, down and to the right, of its convolutions wider than a pixel; none without dilation."""
        wide = {layer.rate for layer in self.layers if layer.rate and layer.kernel and max(layer.kernel) > 1}
        return tuple(sorted(wide)) if any(max(rate) > 1 for rate in wide) else ()


@dataclasses.dataclass(frozen=True)
class ModelCost(_OfLayers):
    """What `model_cost` counted.

    Args:
        title: The model in words.
        input_shape: `(H, W, C)` of the image.
        layers: Every layer, in the order of the calls.
        groups: Blocks, branches and stages, in the order of the network.
        scale_multiply_adds: By the image's scale; one scale, 1, except for networks that look at several.

    Example:
        >>> cost = deeplab_tf.model_cost(model)
        >>> print(cost.table())
        >>> write_json("cost.json", cost.to_dict())
    """

    title: str
    input_shape: tuple[int, int, int]
    layers: Sequence[LayerCost]
    groups: Sequence[Group]
    scale_multiply_adds: dict[float, int]

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of layers with matrices whose multiply-adds are missing from the sums."""
        return tuple(layer.name for layer in self.layers if not layer.counted)

    @property
    def output_stride(self) -> float | None:
        """Image size over size of the backbone's last map; None where no layer is known as a backbone's."""
        backbone = [group for group in self.groups if group.part == BACKBONE]
        return self.stride(backbone[-1]) if backbone else None

    def stride(self, group: Group) -> float:
        """Image size over size of the group's map.

        Args:
            group: One of `groups`.

        Returns:
            A whole number for common sizes, or a half.
        """
        return relative_stride(self.input_shape, group)

    def by_part(self) -> dict[str, tuple[int, int]]:
        """By part of the network, in its order: parameters and multiply-adds."""
        sums: dict[str, tuple[int, int]] = {}
        for group in self.groups:
            parameters, multiply_adds = sums.get(group.part, (0, 0))
            sums[group.part] = (parameters + group.parameters, multiply_adds + group.multiply_adds)
        return sums

    def table(self, layers: bool = False) -> str:
        """An aligned table for people: one row per group, sums by part, the total.

        Args:
            layers: One row per layer that holds parameters, instead of one per group.

        Returns:
            Lines of text.
        """
        height, width, _ = self.input_shape
        rows = [("", "stride", "channels", "rate", "parameters", "multiply-adds", "share")]
        rows += [self._row(item) for item in (self.layers if layers else self.groups) if not layers or item.values]
        rows.append(())
        rows += [(part, "", "", "", *self._sums(*sums)) for part, sums in self.by_part().items() if any(sums)]
        rows.append(("total", "", "", "", *self._sums(self.parameters, self.multiply_adds)))
        lines = [f"{self.title}, images of {height}x{width}", *_aligned(rows), ""]
        lines.append(
            f"{self.parameters:,} parameters, of which {self.trainable:,} train; {self.values:,} values with moving "
            f"statistics. {self.multiply_adds / 1e9:.2f} G multiply-adds of convolutions an image."
        )
        if len(self.scale_multiply_adds) > 1:
            scales = sorted(self.scale_multiply_adds.items())
            lines.append("By scale: " + ", ".join(f"{scale:g}: {count / 1e9:.2f} G" for scale, count in scales) + ".")
        if self.not_counted:
            lines.append(f"Multiply-adds unknown, and left out: {', '.join(self.not_counted)}.")
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """All of it as JSON has it."""
        totals = ("parameters", "trainable", "values", "multiply_adds")
        return {
            "title": self.title,
            "input_shape": list(self.input_shape),
            **{name: getattr(self, name) for name in totals},
            "scale_multiply_adds": {f"{scale:g}": count for scale, count in self.scale_multiply_adds.items()},
            "not_counted": list(self.not_counted),
            "parts": {
                part: {"parameters": parameters, "multiply_adds": multiply_adds}
                for part, (parameters, multiply_adds) in self.by_part().items()
            },
            "groups": [
                {
                    "part": group.part,
                    "name": group.name,
                    "stride": self.stride(group),
                    "output": list(group.output),
                    "rates": [list(rate) for rate in group.rates],
                    "parameters": group.parameters,
                    "multiply_adds": group.multiply_adds,
                    "inputs": sorted(source.group for source in group.inputs),
                }
                for group in self.groups
            ],
            "layers": [dataclasses.asdict(layer) for layer in self.layers],
        }

    def _sums(self, parameters: int, multiply_adds: int) -> tuple[str, str, str]:
        share = multiply_adds / self.multiply_adds if self.multiply_adds else 0
        return f"{parameters:,}", f"{multiply_adds / 1e6:,.1f} M", f"{share:.1%}"

    def _row(self, item: Group | LayerCost) -> tuple[str, ...]:
        sums = self._sums(item.parameters, item.multiply_adds)
        if isinstance(item, LayerCost):
            rate = rate_text((item.rate,)) if item.rate and max(item.rate) > 1 else ""
            return (item.name, f"{relative_stride(self.input_shape, item):g}", str(item.output[-1]), rate, *sums)
        name = item.name if item.part in (item.name, BACKBONE) else f"{item.part}: {item.name}"
        return (name, f"{self.stride(item):g}", str(item.channels), rate_text(item.rates), *sums)


def relative_stride(input_shape: Sequence[int], item: Group | LayerCost) -> float:
    """Image size over output size of the group or layer: for common sizes a whole number, or a half."""
    side, made = max(zip(input_shape[:2], item.output[:2]))
    # Maps of k * stride + 1 images count their samples from 0.
    return round(2 * (side - 1) / (made - 1)) / 2 if made > 1 else float(side)


def rate_text(rates: Sequence[tuple[int, ...]]) -> str:
    """Rates in words: `2, 4`, or `1x6` where down and to the right differ."""
    return ", ".join(f"{down}" if down == right else f"{down}x{right}" for down, right in rates)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows if row) for column in range(len(rows[0]))]
    return [
        "  ".join([cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:]))])
        if (cells := row)
        else "-" * (sum(widths) + 2 * (len(widths) - 1))
        for row in rows
    ]
