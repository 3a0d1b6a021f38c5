"""Released files whose normalisation is folded, `.tflite` and frozen graphs, as sources."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import keras
import numpy as np

from deeplab_tf import backbones
from deeplab_tf.labels import released_labels
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.released_file import ReleasedFile
from deeplab_tf.weights.recognition import dilated_branches, recognise
from deeplab_tf.weights.sources.recognised import RecognisedFile
from deeplab_tf.weights.sources.source import RGB
from deeplab_tf.weights.transfer import Transfer, assign_folded


class FoldedFile(RecognisedFile):
    """A file from which the reader of its kind reads convolutions with all that stands behind them folded in."""

    @functools.cached_property
    def released(self) -> ReleasedFile:
        """The file, read."""
        if not self.path.is_file():
            raise FileNotFoundError(f"There is no file {self.name}. Check the path.")
        released = self.kind.read(self.path)
        if not released.convolutions:
            raise ValueError(f"{self.name} holds no convolutions, so it is not a DeepLab network.")
        return released

    def _kernels(self) -> Mapping[str, tuple[int, ...]]:
        return self.released.kernels()

    def _build(self) -> SegmentationModel:
        return build_from(self.released)

    def read(self) -> ReleasedFile:
        return self.released

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        model = self._build()
        transfer = assign_folded(model, self.released)
        if transfer.fresh or transfer.unused:
            raise ValueError(
                f"{self.path} does not fit the {model.backbone_name} network that it seems to be: "
                f"missing {transfer.fresh or 'nothing'}, not used {transfer.unused or 'nothing'}."
            )
        self._check_input(model)
        return model

    def _check_input(self, model: SegmentationModel) -> None:
        """Refuses a file whose network gets other input values than the model built for it."""
        found = self.released.input_range
        if found is None:
            return
        (layer,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
        expected = np.array([[0.0], [255.0]]) * layer.scale + np.broadcast_to(layer.offset, RGB)
        if np.abs(found - expected).max() > 0.05 * np.ptp(expected):
            theirs, ours = (" to ".join(str(end.round(2).tolist()) for end in ends) for ends in (found, expected))
            raise ValueError(
                f"{self.name} feeds its network {theirs} for the pixels 0 to 255; {model.backbone_name} here sees "
                f"{ours} and would predict otherwise. Run the file itself with Segmenter, or take its weights as a "
                "start for training (transfer_weights)."
            )

    def _fill(self, model: SegmentationModel) -> Transfer:
        return assign_folded(model, self.released)


def build_from(released: ReleasedFile) -> SegmentationModel:
    """The network that a released file describes, with fresh weights.

    Raises:
        ValueError: If the file is not a DeepLab of a known backbone; the message names it.
    """
    kernels, convolutions = released.kernels(), released.convolutions
    model, settings = recognise(released.path, kernels)
    scope = backbones.BACKBONES[settings["backbone"]].scope
    output_stride = math.prod(convolutions[conv].stride for conv in released.scopes(f"{scope}/"))
    window = released.pooling_window
    if rates := tuple(convolutions[branch].rate for branch in dilated_branches(kernels)):
        settings["atrous_rates"] = rates
    crop_size = None if not window else (window - 1) * output_stride + 1
    return model(
        **settings,
        labels=released_labels(settings["classes"]),
        output_stride=output_stride,
        crop_size=crop_size,
        image_size=crop_size,
    )
