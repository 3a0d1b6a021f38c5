"""ImageNet weights as sources: networks of `keras.applications`, and the word `"imagenet"`."""

from __future__ import annotations

import abc
import contextlib
import json
import zipfile
from pathlib import Path

import keras

from deeplab_tf.models import SegmentationModel
from deeplab_tf.models.archive_check import CONFIG, LARGEST_CONFIG
from deeplab_tf.models.finite import check_finite
from deeplab_tf.weights.imagenet import (
    IMAGENET,
    copy_application,
    imagenet_source,
    load_network,
    load_network_weights,
    published_network,
)
from deeplab_tf.weights.sources.source import Source, identify
from deeplab_tf.weights.transfer import Transfer


class Application(Source):
    """A network of `keras.applications`, which has a backbone's weights."""

    rgb_only = True

    @property
    def segments(self) -> bool:
        return False

    def _fill(self, model: SegmentationModel) -> Transfer:
        network = self._network(model)
        check_finite(network, self.given)
        return copy_application(network, model)

    @abc.abstractmethod
    def _network(self, model: SegmentationModel) -> keras.Model:
        """The network whose backbone is copied into a model."""


class WholeApplication(Application):
    """A `.keras` file of the whole network."""

    def _network(self, model: SegmentationModel) -> keras.Model:
        return load_network(model, self.path)


class WeightsOfApplication(Application):
    """A `.h5` file of its weights, with or without the classifier."""

    def _network(self, model: SegmentationModel) -> keras.Model:
        return load_network_weights(model, self.path)


class ImageNet(Application):
    """The published weights of whichever backbone a model has."""

    def transfer(self, model: SegmentationModel) -> Transfer:
        where = imagenet_source(model)
        return super().transfer(model) if where == IMAGENET else identify(where).transfer(model)

    def _network(self, model: SegmentationModel) -> keras.Model:
        return published_network(model)


def is_whole(path) -> bool:
    """Whether a path means a whole network of `keras.applications`."""
    path = Path(path)
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        return False
    # What is wrong with a file that cannot be read, the reader of model files says.
    with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
        if archive.getinfo(CONFIG).file_size <= LARGEST_CONFIG:
            return json.loads(archive.read(CONFIG)).get("class_name") == "Functional"
    return False
