"""What an export is and how closely it follows its model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from deeplab_tf.files.disk import size_in_bytes
from deeplab_tf.progress import counted

__all__ = ["ExportReport", "size_in_bytes"]


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """The result of an export.

    Args:
        path: The file or folder written.
        agreement: Fraction of pixels whose labels equal the model's, 0-1.
        max_abs_difference: Largest difference of a score (see `scores`); None for labels only.
        scores: `"probabilities"` or `"logits"`.
        images: Number of images compared.
        synthetic: Whether they were made up because none were given.
        bytes: Size of the export.
        large_agreement: The same fraction on images larger than the size that the model is made for, which export and
            model scale; None where the model has no size.
        serving_kit: The README of the serving kit; None where none was asked for.
        operations: How often a TFLite file has each operation.
        input_quantization: Scale and zero point of a TFLite file's input, where it is quantised.
        output_quantization: The same of its output.

    Example:
        >>> print(export_tflite("model.keras", "model.tflite"))
    """

    path: Path
    agreement: float
    max_abs_difference: float | None
    scores: str
    images: int
    synthetic: bool
    bytes: int
    large_agreement: float | None = None
    serving_kit: Path | None = None
    operations: dict[str, int] | None = None
    input_quantization: tuple[float, int] | None = None
    output_quantization: tuple[float, int] | None = None

    def table(self) -> str:
        """An aligned table for people."""
        on = counted(self.images, "synthetic image" if self.synthetic else "image")
        on += " (give real ones for a sharper check)" if self.synthetic else ""
        rows = [
            ("written", str(self.path)),
            ("size", f"{self.bytes / 1e6:.1f} MB"),
            ("equal labels", f"{self.agreement:.4%}"),
            ("compared on", on),
        ]
        if self.large_agreement is not None:
            rows.insert(3, ("on larger images", f"{self.large_agreement:.4%}"))
        if self.max_abs_difference is not None:
            rows.insert(3, ("largest difference", f"{self.max_abs_difference:.2g} ({self.scores})"))
        if self.serving_kit is not None:
            rows.append(("serving kit", str(self.serving_kit)))
        for name, found in (("input", self.input_quantization), ("output", self.output_quantization)):
            if found is not None:
                rows.append((name, f"value = {found[0]:.6g} x (byte - {found[1]})"))
        if self.operations:
            rows.append(("operations", ", ".join(f"{count} {name}" for name, count in self.operations.items())))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    __str__ = table
