"""Sources whose network is recognised by the scopes and shapes of their kernels."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from deeplab_tf.models import SegmentationModel
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights.recognition import holds_deeplab, recognise_backbone
from deeplab_tf.weights.sources.source import Network, Source


class RecognisedFile(Source):
    """A file of the original release's network, or of one with its names, for RGB images."""

    rgb_only = True

    @property
    def segments(self) -> bool:
        return holds_deeplab(self._kernels())

    @property
    def network(self) -> Network:
        if not self.segments:
            return Network.of_backbone(*recognise_backbone(self.path, self._kernels()))
        return Network.of(without_values(self._build))

    @abc.abstractmethod
    def _kernels(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each convolution's kernel, by scope."""

    @abc.abstractmethod
    def _build(self) -> SegmentationModel:
        """The network with fresh weights."""
