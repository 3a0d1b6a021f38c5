"""Checkpoints of TensorFlow 1 as sources."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.checkpoint_model import build_from_checkpoint, load_checkpoint, load_checkpoint_model
from deeplab_tf.weights.formats.checkpoint import Checkpoint, read_checkpoint
from deeplab_tf.weights.sources.recognised import RecognisedFile
from deeplab_tf.weights.transfer import Transfer


class CheckpointSource(RecognisedFile):
    """A checkpoint: its prefix, one of its files or its folder. A start for training must fill the whole backbone."""

    @functools.cached_property
    def checkpoint(self) -> Checkpoint:
        """The file, opened."""
        return read_checkpoint(self.given)

    def _kernels(self) -> Mapping[str, tuple[int, ...]]:
        return self.checkpoint.kernels()

    def _build(self) -> SegmentationModel:
        return build_from_checkpoint(self.checkpoint)

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        return load_checkpoint_model(self.given, settings, source=self.called)

    def _fill(self, model: SegmentationModel) -> Transfer:
        return load_checkpoint(model, self.given, start=True)
