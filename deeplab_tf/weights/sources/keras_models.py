"""Sources that Keras reads: models in memory, `.keras` files, run folders; and SavedModels, which give no weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import keras

from deeplab_tf.models import SegmentationModel, load_model
from deeplab_tf.weights.sources.source import Network, Source
from deeplab_tf.weights.transfer import Transfer, assign_layers

SAVED_MODEL = "saved_model.pb"


class KerasFile(Source):
    """A `.keras` file of this package, or a run folder."""

    @property
    def segments(self) -> bool:
        return True

    @property
    def network(self) -> Network:
        return Network.of(self.load())

    def read(self) -> NoReturn:
        raise ValueError(f"{self.name} is a Keras model already, no released file. Read it with load_model.")

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        return load_model(self.given)

    def convert(self) -> NoReturn:
        self.read()

    def _fill(self, model: SegmentationModel) -> Transfer:
        return assign_layers(model, self.load())


class ModelInMemory(KerasFile):
    """A model of this package, or any other whose layers have its names."""

    @property
    def segments(self) -> bool:
        return isinstance(self.given, SegmentationModel)

    @property
    def network(self) -> Network | None:
        return Network.of(self.given) if self.segments else None

    def load(self, settings: Mapping | None = None) -> keras.Model:
        return self.given


def is_saved_model(path) -> bool:
    """Whether a path means a SavedModel: its folder, or the file in it."""
    path = Path(path)
    return path.name == SAVED_MODEL or (path / SAVED_MODEL).is_file()


class SavedModel(Source):
    """A SavedModel, from which no weights can be read; says what it is for."""

    @property
    def segments(self) -> NoReturn:
        self._refuse()

    @property
    def network(self) -> NoReturn:
        self._refuse()

    def read(self) -> NoReturn:
        self._refuse()

    def load(self, settings: Mapping | None = None) -> NoReturn:
        self._refuse()

    def transfer(self, model: SegmentationModel) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ValueError(
            f"{self.name} is a SavedModel, whose weights are folded for running only. Run its folder with Segmenter "
            "or open_predictor (deeplab-tf segment, evaluate); read the .keras file or run folder that it was exported "
            "from with load_model."
        )
