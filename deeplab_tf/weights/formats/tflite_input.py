"""Which numbers a `.tflite` file wants for the pixels 0-255: read from the file, or else asked for, never assumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from deeplab_tf.checks import expect, is_number, plain
from deeplab_tf.weights.formats.exported import INPUT_RANGE
from deeplab_tf.weights.formats.flatbuffer import Damaged, root_table
from deeplab_tf.weights.formats.tflite_structure import (
    ADD,
    DIV,
    FLOAT32,
    INT8,
    MUL,
    SUB,
    UINT8,
    Structure,
    Tensor,
)

RANGES = (INPUT_RANGE, (-1.0, 1.0), (0.0, 1.0))
METADATA = "TFLITE_METADATA"
# Of TFLite's metadata schema: the path of fields to the inputs' rows, and what a row says of normalisation.
SUBGRAPHS, INPUTS, PROCESS_UNITS, NORMALIZATION = 3, 2, 4, 1
# CAST, DEQUANTIZE, QUANTIZE, RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR: they change no range.
PASSING = frozenset((53, 6, 114, 23, 97))
# By how much the ends of a calibrated range may miss the intended ones, as a part of its width.
TOLERANCE = 0.05


@dataclasses.dataclass(frozen=True)
class Feed:
    """How pixels become an input: `pixel * scale + offset`, then quantised where the input is.

    Args:
        scale: One number, or one per channel.
        offset: The same.
        type: Of the input in TFLite's schema.
        quantization: Scale and zero point of the input; (0, 0) where it has none.
    """

    scale: np.ndarray
    offset: np.ndarray
    type: int
    quantization: tuple[float, int]

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """The input for RGB pixels, uint8 `[..., 3]`."""
        if self.type == UINT8 and self._keeps_pixels:
            return pixels
        values = pixels.astype(np.float32) * np.float32(self.scale) + np.float32(self.offset)
        if self.type == FLOAT32:
            return values
        scale, zero = self.quantization
        limits = (0, 255) if self.type == UINT8 else (-128, 127)
        return np.clip(np.rint(values / scale + zero), *limits).astype(np.uint8 if self.type == UINT8 else np.int8)

    @property
    def _keeps_pixels(self) -> bool:
        """Whether the quantised value of each pixel is the pixel itself, up to the rounding of the scale."""
        scale, zero = self.quantization
        ends = self.offset, self.scale * 255 + self.offset
        return not scale or all(
            np.allclose(end / scale + zero, pixel, atol=255 * TOLERANCE) for end, pixel in zip(ends, (0, 255))
        )


def feed_of(structure: Structure, input_range: Sequence[float] | None = None) -> Feed | None:
    """How to feed a network: as given, or as its file says; None where it does not say.

    The file says it by its input's quantisation, in its metadata (normalisation), or by its first operations: a
    subtraction of means that leaves numbers about zero only where pixels come as 0-255, and the like.

    Args:
        structure: The file.
        input_range: The numbers that the pixels 0 and 255 become; they take precedence.

    Raises:
        ValueError: If `input_range` is not two different finite numbers.
    """
    tensor = structure.tensors[structure.inputs[0]]
    quantization = (float(tensor.scale[0]), int(tensor.zero_point[0])) if len(tensor.scale) else (0.0, 0)
    if input_range is not None:
        found = _linear(*_checked(input_range))
    elif tensor.type == UINT8 and not quantization[0]:
        # Plain bytes have one meaning.
        found = _linear(*INPUT_RANGE)
    else:
        found = _from_quantization(tensor, quantization) if quantization[0] else None
        found = found or _from_metadata(structure)
        if found is None and not quantization[0]:
            found = _from_operations(structure)
    return None if found is None else Feed(*found, tensor.type, quantization)


def network_range(structure: Structure) -> np.ndarray | None:
    """What the pixels 0 and 255 are at the first convolution, `[2, 3]`; None where the file does not say.

    Example:
        >>> network_range(read_structure(Path("deeplabv3_mnv2_pascal_quant.tflite").read_bytes()))
        array([[-1., -1., -1.], [ 1.,  1.,  1.]])
    """
    feed = feed_of(structure)
    if feed is None:
        return None
    factor, shift = _first_affine(structure) or (1.0, 0.0)
    ends = np.stack([np.broadcast_to(feed.offset, 3), np.broadcast_to(feed.scale * 255 + feed.offset, 3)])
    return ends * factor + shift


def _checked(input_range: Sequence[float]) -> tuple[float, float]:
    ends = plain(tuple(input_range)) if isinstance(input_range, Sequence | np.ndarray) else ()
    valid = len(ends) == 2 and all(map(is_number, ends)) and ends[0] < ends[1]
    expect(valid, "input_range", input_range, "two numbers, the smaller first", "Try (0, 255) or (-1, 1).")
    return float(ends[0]), float(ends[1])


def _linear(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    return np.float32((high - low) / 255), np.float32(low)


def _from_metadata(structure: Structure):
    """The normalisation in the metadata: a mean to subtract and a deviation to divide by."""
    if METADATA not in structure.metadata:
        return None
    rows = [root_table(bytes(structure.metadata[METADATA]))]
    for field in (SUBGRAPHS, INPUTS):
        rows = rows[0].tables(field) if rows else []
    for unit in rows[0].tables(PROCESS_UNITS) if rows else ():
        if unit.number(0, "<B", 0) == NORMALIZATION and (options := unit.table(1)) is not None:
            mean, deviation = options.array(0, "<f4"), options.array(1, "<f4")
            usable = len(mean) == len(deviation) in (1, 3) and np.isfinite([mean, deviation]).all()
            if not usable or (deviation <= 0).any():
                raise Damaged(f"its metadata ask for the mean {mean.tolist()} and deviation {deviation.tolist()}")
            return 1 / deviation, -mean / deviation
    return None


def _from_quantization(tensor: Tensor, quantization: tuple[float, int]):
    """One of the usual ranges, where the type's values span exactly it."""
    scale, zero = quantization
    lowest = -128 if tensor.type == INT8 else 0
    span = np.array([lowest - zero, lowest + 255 - zero]) * scale
    fitting = [ends for ends in RANGES if np.abs(span - ends).max() <= TOLERANCE * (ends[1] - ends[0])]
    return _linear(*fitting[0]) if fitting else None


def _from_operations(structure: Structure):
    """The one of the usual ranges that the first operations map to values around zero or to 0-1."""
    affine = _first_affine(structure)
    if affine is None:
        return None
    factor, shift = affine
    fitting = [ends for ends in RANGES if _is_normalized(np.outer(ends, factor) + shift)]
    return _linear(*fitting[0]) if len(fitting) == 1 else None


def _is_normalized(ends: np.ndarray) -> bool:
    # -1..1 or of deviation 1; or freed of a mean alone.
    low, high = ends.min(0), ends.max(0)
    width, middle = high - low, (high + low) / 2
    about_zero = (np.abs(middle) <= 0.2 * width).all() and (_within(width, 0.9, 6) | _within(width, 230, 280)).all()
    return bool(about_zero or ((np.abs(low) < 0.01).all() and (np.abs(high - 1) < 0.01).all()))


def _within(values: np.ndarray, least: float, most: float) -> np.ndarray:
    return (values >= least) & (values <= most)


def _first_affine(structure: Structure) -> tuple[np.ndarray, np.ndarray] | None:
    """Factor and summand, by channel, of the constant arithmetic at the start of the network."""
    factor, shift, index, found = np.ones(3), np.zeros(3), structure.inputs[0], False
    while True:
        readers = [operator for operator in structure.operators if index in operator.inputs]
        if len(readers) != 1 or len(readers[0].outputs) != 1:
            break
        (reader,) = readers
        if reader.code in (ADD, SUB, MUL, DIV):
            constant = _constant(structure, reader.inputs, index)
            if constant is None or (reader.code in (SUB, DIV) and reader.inputs[0] != index):
                break
            if reader.code in (MUL, DIV):
                constant = constant if reader.code == MUL else 1 / constant
                factor, shift = factor * constant, shift * constant
            else:
                shift = shift + (constant if reader.code == ADD else -constant)
            found = True
        elif reader.code not in PASSING:
            break
        index = reader.outputs[0]
    return (factor, shift) if found else None


def _constant(structure: Structure, inputs: tuple[int, ...], index: int) -> np.ndarray | None:
    """The constant that is combined with a tensor, by channel."""
    others = [structure.tensors[other] for other in inputs if other != index]
    values = others[0].values() if len(others) == 1 else None
    if values is None or values.size not in (1, 3):
        return None
    return np.broadcast_to(values.astype(np.float64).reshape(-1), 3)
