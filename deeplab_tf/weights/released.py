"""Released DeepLab files as native Keras models, and as a start for training others."""

from __future__ import annotations

import logging
import os

from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.released_file import ReleasedFile
from deeplab_tf.weights.recalibration import folded_layers
from deeplab_tf.weights.sources import Source, identify
from deeplab_tf.weights.transfer import Transfer

logger = logging.getLogger(__name__)


def read_released(path: str | os.PathLike) -> ReleasedFile:
    """Reads a released file whose normalisation is folded, `.tflite` or `.pb`.

    Args:
        path: A file of the release.

    Returns:
        Its convolutions by variable scope, and what else the file says of the network.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the format is unknown, or the file damaged or without convolutions; the message names it.

    Example:
        >>> "MobilenetV2/Conv" in read_released("deeplabv3_mnv2_pascal_quant.tflite").convolutions
        True
    """
    return identify(path).read()


def load_released(path: str | os.PathLike | Source) -> SegmentationModel:
    """A released DeepLab file as a Keras model of the same function.

    The backbone, its depth multiplier, the head and its width and the classes are read from the file itself; 21
    classes get the names and colours of PASCAL VOC, 19 those of Cityscapes.

    A `.tflite` file or frozen graph tells output stride, atrous rates and canvas too. Batch normalisation is folded in
    such files: the model's normalisation layers become shifts, with statistics of mean 0 and variance 1. `fit` measures
    those of its data first; before other ways of training with batch statistics call `recalibrate_batch_norm`.

    A checkpoint has the batch statistics, but no strides and rates: the output stride is 16 (LR-ASPP: 32) and the rates
    follow it, which is logged; `load_checkpoint_model` takes others, and `model.rebuild(output_stride=8)`
    changes them afterwards.

    Args:
        path: A released `.tflite` file (8-bit or float), a frozen graph (`.pb`), or a checkpoint of TensorFlow 1: its
            prefix (`model.ckpt-30000`), one of its files or its folder. Or an archive of the release's model zoo
            (`.tar.gz`), or a name in it (`deeplab_tf.ZOO`), which is downloaded once, converted and kept in Keras's
            cache; of these all settings are known.

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If a download fails; the message says what to fetch by hand and where to put it.
        ValueError: If it is damaged, not a DeepLab, or its weights do not fit; the message names it.

    Example:
        >>> model = load_released("deeplabv3_mnv2_pascal_quant.tflite")
        >>> model.output_stride, model.labels.name, model.crop_size
        (16, 'pascal_voc', [513, 513])
    """
    with identify(path) as source:
        model = source.convert()
    if folded_layers(model):
        # Who loads it here may train it; who segments or exports it need not know.
        logger.info(
            "%s: its normalisation is folded. Training needs statistics of real data: fit measures them on what it is "
            "given, recalibrate_batch_norm(model, images) on images of your choice.",
            source.name,
        )
    return model


def transfer_weights(model: SegmentationModel, source: str | os.PathLike | SegmentationModel | Source) -> Transfer:
    """Loads all weights that fit by name and shape, in place: a start for training.

    A stem for images of another number of channels than the file's is averaged over its own, which is logged.

    Args:
        model: The model to start.
        source: A model, a `.keras` file, a run folder, or a released file: a DeepLab, or the ImageNet classifier of
            the same backbone, as `.tflite`, `.pb` or checkpoint. A checkpoint must fill the whole backbone. Also
            an archive of the release's model zoo, or a name in it; a network or weights file of `keras.applications`
            (`.keras`, `.h5`); or `"imagenet"`, which is whichever of these the backbone has.

    Returns:
        What was loaded and what was left as it was.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If a download fails; the message says what to fetch by hand and where to put it.
        ValueError: If the file is damaged or nothing of the backbone fits; the message names it.

    Example:
        >>> str(transfer_weights(DeepLabV3Plus("mobilenet_v2", classes=11), "mobilenet_v2_1.0_224_quant.tflite"))
        '51 layers loaded, 15 new (...); 2 of the file not used (...)'
    """
    with identify(source) as found:
        return found.transfer(model)
