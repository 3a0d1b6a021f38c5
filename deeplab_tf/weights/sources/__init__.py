"""What a source of weights is, determined once: `identify`, and a class for each way in which weights come."""

import os
from pathlib import Path

import keras

from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.weights.formats import archive
from deeplab_tf.weights.formats.checkpoint import is_checkpoint
from deeplab_tf.weights.formats.exported import newest_version
from deeplab_tf.weights.formats.frozen_graph import read_frozen_graph
from deeplab_tf.weights.formats.tflite import read_tflite
from deeplab_tf.weights.imagenet import IMAGENET
from deeplab_tf.weights.sources.applications import ImageNet, WeightsOfApplication, WholeApplication, is_whole
from deeplab_tf.weights.sources.checkpoints import CheckpointSource
from deeplab_tf.weights.sources.folded import FoldedFile
from deeplab_tf.weights.sources.keras_models import KerasFile, ModelInMemory, SavedModel, is_saved_model
from deeplab_tf.weights.sources.source import KINDS, Kind, Network, Source, identify, kind_of
from deeplab_tf.weights.sources.zoo import Archive, ZooName
from deeplab_tf.weights.zoo.catalogue import ZOO

__all__ = ["KINDS", "Kind", "Network", "Source", "identify", "kind_of"]


def _is_of_the_zoo(source) -> bool:
    """Whether a source is a name of the zoo, and no model in the current folder is called so too."""
    path = Path(source)
    if os.fspath(source) not in ZOO:
        return False
    here = is_saved_model(path) or is_checkpoint(path) or (path / RUN_MODEL).is_file() or newest_version(path)
    return not here


# Asked from top to bottom: names before files, endings before what a checkpoint's name merely contains.
_ROWS = (
    Kind("model", "a model", ModelInMemory, looks=lambda source: isinstance(source, keras.Model)),
    Kind("imagenet", "the weights of ImageNet", ImageNet, looks=lambda source: source == IMAGENET),
    Kind("zoo", "a name of the release's model zoo", ZooName, looks=_is_of_the_zoo),
    Kind("archive", "an archive of released weights", Archive, suffixes=archive.SUFFIXES),
    Kind("saved_model", "a SavedModel", SavedModel, looks=is_saved_model),
    Kind("tflite", "a TFLite model", FoldedFile, suffixes=(".tflite",), read=read_tflite),
    Kind("frozen_graph", "a frozen graph", FoldedFile, suffixes=(".pb",), read=read_frozen_graph),
    Kind("application_weights", "weights of keras.applications", WeightsOfApplication, suffixes=(".h5",)),
    Kind("application", "a Keras network from elsewhere, as of keras.applications", WholeApplication, looks=is_whole),
    Kind("keras", "a Keras model", KerasFile, suffixes=(".keras",)),
    Kind("checkpoint", "a checkpoint of TensorFlow 1", CheckpointSource, looks=is_checkpoint),
    Kind("run_folder", "a run folder", KerasFile, looks=os.path.isdir),
)
KINDS.update((kind.name, kind) for kind in _ROWS)
