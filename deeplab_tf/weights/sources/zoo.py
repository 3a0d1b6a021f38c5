"""The release's model zoo as a source: by name, and archives, which may be from elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.labels import label_spec
from deeplab_tf.models import SegmentationModel, model_class
from deeplab_tf.weights.formats.archive import unpacked
from deeplab_tf.weights.sources.source import Kind, Network, Source, identify
from deeplab_tf.weights.transfer import Transfer
from deeplab_tf.weights.zoo.cache import kept_model, unpacked_entry
from deeplab_tf.weights.zoo.catalogue import ZooEntry, entry_of_file, zoo_entry


class Archive(Source):
    """An archive. One of the zoo is known by its file name; of another, what is inside is unpacked and asked."""

    def __init__(self, kind: Kind, given):
        super().__init__(kind, given)
        self.entry = self._entry()
        self._blocks, self._open, self._found = 0, contextlib.ExitStack(), None

    def _entry(self) -> ZooEntry | None:
        return entry_of_file(self.path.name)

    def _unpacked(self) -> contextlib.AbstractContextManager[Path]:
        return unpacked(self.path, self.entry.checkpoint if self.entry else None)

    def __enter__(self) -> Source:
        self._blocks += 1
        return self

    def __exit__(self, *error) -> bool | None:
        self._blocks -= 1
        if self._blocks:
            return None
        self._found = None
        return self._open.__exit__(*error)

    @property
    def inside(self) -> Source:
        """What was unpacked; until the end of the `with` block around this."""
        if self._found is None:
            self._found = identify(self._open.enter_context(self._unpacked()))
            self._found.called = self.name
        return self._found

    @property
    def segments(self) -> bool:
        if self.entry:
            return self.entry.model is not None
        with self:
            return self.inside.segments

    @property
    def network(self) -> Network:
        entry = self.entry
        if entry is None:
            with self:
                return self.inside.network
        alone = Network.of_backbone(entry.backbone, entry.settings)
        if not entry.model:
            return alone
        labels = label_spec(entry.settings["labels"])
        return Network(
            alone.backbone, alone.depth_multiplier, model_class(entry.model), entry.settings["output_stride"], labels
        )

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        entry = self.entry
        if entry and not entry.model:
            raise ValueError(
                f"{self.name} is a start for training, with weights of {entry.data} for the backbone {entry.backbone}, "
                f'not a DeepLab. Give it to a model: DeepLabV3Plus("{entry.backbone}", weights="{self.name}").'
            )
        with self:
            return self.inside.load(entry.arguments if entry else settings)

    def transfer(self, model: SegmentationModel) -> Transfer:
        self._check_backbone(model)
        if self.entry and self.entry.model:
            loaded = identify(self.load())
            loaded.called = self.name
            return loaded.transfer(model)
        with self:
            return self.inside.transfer(model)

    def _check_backbone(self, model: SegmentationModel) -> None:
        """Refuses, before any download, an entry for another backbone or depth multiplier than a model's."""
        if not self.entry:
            return
        theirs, ours = (
            f"{network.backbone}, depth multiplier {network.depth_multiplier:g}"
            for network in (self.network, Network.of(model))
        )
        if theirs != ours:
            raise ValueError(
                f"{self.name} has weights for the backbone {theirs}; the model's is {ours}. Build the model with that "
                "backbone, or take other weights."
            )


class ZooName(Archive):
    """A name of the zoo: downloaded once, and kept as a `.keras` file once it was converted."""

    def _entry(self) -> ZooEntry:
        return zoo_entry(self.name)

    def _unpacked(self) -> contextlib.AbstractContextManager[Path]:
        return unpacked_entry(self.entry)

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        return kept_model(self.entry, super().load) if self.entry.model else super().load()
