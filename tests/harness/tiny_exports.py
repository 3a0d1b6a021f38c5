"""A small model and its exports of every kind."""

import dataclasses
import shutil
from pathlib import Path

from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.models import SegmentationModel, save_model
from harness.tiny_model import tiny_model


@dataclasses.dataclass(frozen=True)
class TinyExports:
    """The model, and its files `model.keras`, `saved`, `labels.tflite`, `logits.tflite` and `probabilities.tflite`.

    `saved` is a copy of `served/1`, beside which the serving kit lies.

    Args:
        model: Made for images of 65x65.
        folder: Of the files.
        agreement: By file, how many labels of large images are those of the model.
    """

    model: SegmentationModel
    folder: Path
    agreement: dict[str, float]

    def source(self, kind: str) -> SegmentationModel | Path:
        """What `open_predictor` takes: the model itself for `keras`, or a file."""
        return self.model if kind == "keras" else self.folder / kind


def export_tiny_model(folder: Path) -> TinyExports:
    model = tiny_model(backbone="resnet_18", image_size=65)
    save_model(model, folder / "model.keras")
    reports = {"saved": export_saved_model(model, folder / "served", serving_kit=True)}
    shutil.copytree(folder / "served/1", folder / "saved")
    for outputs in ("labels", "logits", "probabilities"):
        name = f"{outputs}.tflite"
        reports[name] = export_tflite(model, folder / name, size=65, outputs=outputs)
    return TinyExports(model, folder, {name: report.large_agreement for name, report in reports.items()})
