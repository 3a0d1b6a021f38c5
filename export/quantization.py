"""8-bit TFLite files: the images that set their ranges, and the proof that nothing in them is float."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable

import flatbuffers
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import listing
from deeplab_tf.export.parity import read_images
from deeplab_tf.inference.segmented_files import find_images
from deeplab_tf.models import SegmentationModel
from deeplab_tf.progress import track
from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.tflite_structure import FLOATS, Structure

PRECISIONS = ("float32", "float16", "int8")
# More change little: over 120 images of PASCAL VOC the mIoU stays within what another choice of images makes.
USED = 32
FEW = 8
# What training changes first; they start at 0.
SHIFTS = ("bias", "beta", "moving_mean")
logger = logging.getLogger(__name__)

Calibration = Iterable[np.ndarray | str | os.PathLike] | str | os.PathLike


def check_precision(precision: str, calibration: Calibration | None) -> None:
    """Refuses images where nothing is calibrated, and 8 bits without any.

    Raises:
        ValueError: In both cases.
    """
    if precision != "int8" and calibration is not None:
        raise ValueError(
            f"calibration is for precision='int8' (--precision int8); received precision={precision!r}. Leave it out."
        )
    if precision == "int8" and calibration is None:
        raise ValueError(
            "int8 takes the range of every layer from images; received none. Give a folder of photographs of the kind "
            "that the model was trained on, for instance its training images: --calibration photos "
            f"(calibration='photos'). {USED} of them are used."
        )


def calibration_images(given: Calibration) -> list[np.ndarray]:
    """At most `USED` of the images, spread evenly over them.

    Args:
        given: Image files and folders of them, or arrays.

    Returns:
        RGB, uint8 `[H, W, 3]`.

    Raises:
        FileNotFoundError: If a path is missing.
        ValueError: If one cannot be read, there is none, or all are blank; the message says what to give instead.
    """
    given = [given] if isinstance(given, str | os.PathLike) else list(given)
    if given and all(isinstance(one, str | os.PathLike) for one in given):
        given = find_images(given)
    chosen = [given[index] for index in np.linspace(0, len(given) - 1, min(USED, len(given))).astype(int)]
    images = read_images(chosen, "to calibrate on (--calibration). Give a folder or files")
    blank = [index for index, image in enumerate(images) if image.min() == image.max()]
    if len(blank) == len(images):
        raise ValueError(
            f"All {len(images)} calibration images are blank: each has one colour, so no layer would see what it sees "
            "of photographs. Give photographs of the kind that the model was trained on."
        )
    if blank:
        logger.warning("%d of %d calibration images are blank, each of one colour", len(blank), len(images))
    if len(images) < FEW:
        logger.warning(
            "%d calibration images; with fewer than %d, what they do not show is cut off in other images. %d are used "
            "where there are as many.", len(images), FEW, USED,
        )  # fmt: skip
    return images


def warn_of_untrained(model: SegmentationModel) -> None:
    """Warns where every bias and mean is still 0: the ranges of such a network mean nothing."""
    shifts = [weight for weight in model.weights if weight.path.rsplit("/", 1)[-1] in SHIFTS]
    if not any(np.any(weight) for weight in shifts):
        logger.warning(
            "%s is untrained: all its biases and means are 0. Its 8-bit file says nothing of that of the trained "
            "network; train it first, or load weights.", model.name,
        )  # fmt: skip


def set_precision(converter, precision: str, feed: Callable, images: list[np.ndarray]) -> None:
    """Tells the converter what to convert to.

    Args:
        converter: A `tf.lite.TFLiteConverter`; it is changed.
        precision: One of `PRECISIONS`.
        feed: What the graph is called with for an image.
        images: For int8: uint8 `[H, W, 3]` of the graph's size; the first is changed.
    """
    if precision == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
        return
    # Photographs may lack black or white; the input's range is that of all pixels.
    images[0][-1, -2:] = [[0], [255]]
    converter.representative_dataset = lambda: ([feed(image)] for image in track(images, len(images), "calibrate"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8


def without_outputs(model: bytes, beginning: str) -> bytes:
    """A `.tflite` model without the outputs whose names begin so; the tensors stay.

    Args:
        model: The file's bytes, nothing appended.
        beginning: Of the names in the model's signature.
    """
    tables = tflite_runtime.schema().ModelT.InitFromPackedBuf(model, 0)
    signature = tables.signatureDefs[0]
    signature.outputs = [output for output in signature.outputs if not output.name.decode().startswith(beginning)]
    tables.subgraphs[0].outputs = np.array([output.tensorIndex for output in signature.outputs], np.int32)
    builder = flatbuffers.Builder(len(model) + 1024)
    builder.Finish(tables.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def require_integers(structure: Structure, name: str) -> None:
    """Refuses a file that is to run on integers and holds anything else.

    Raises:
        ValueError: If a tensor is float; the message names some.
    """
    floats = [tensor.name for tensor in structure.tensors if tensor.type in FLOATS]
    if floats:
        raise ValueError(
            f"{name} cannot run on 8-bit integers alone: {len(floats)} of its tensors stay float, {listing(floats)}. "
            "Export it with precision='float32' or 'float16'."
        )


def operations(structure: Structure) -> dict[str, int]:
    """How often a file has each operation, by its name in TFLite's schema, most frequent first."""
    kinds = vars(tflite_runtime.schema().BuiltinOperator).items()
    names = {code: name for name, code in kinds if isinstance(code, int)}
    return dict(Counter(names[operator.code] for operator in structure.operators).most_common())


def quantization(structure: Structure, index: int) -> tuple[float, int] | None:
    """Scale and zero point of a tensor; None where it has none."""
    tensor = structure.tensors[index]
    return (float(tensor.scale[0]), int(tensor.zero_point[0])) if len(tensor.scale) else None
