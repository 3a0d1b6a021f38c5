"""The one place that decides which TFLite runtime reads and runs `.tflite` files."""

from __future__ import annotations

import functools
import importlib
import warnings
from types import ModuleType

from deeplab_tf.files.reading import reading
from deeplab_tf.weights.formats.tflite_content import read_tflite_content


@functools.cache
def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"ai_edge_litert.{name}")
    except ImportError:
        # TensorFlow still carries the runtime's predecessor, so that a plain install works; it announces its
        # removal at every use, and its schema sits in no public place.
        try:
            return importlib.import_module(f"tensorflow.lite.python.{name}")
        except ImportError as error:
            raise ImportError(
                "Reading and running .tflite files needs the LiteRT runtime: pip install 'deeplab-tf[tflite]'"
            ) from error


def load() -> None:
    """Loads the runtime's libraries, which the first file does otherwise.

    Raises:
        ImportError: If there is no runtime; the message names the extra to install.
    """
    _module("interpreter")
    schema()


def interpreter(model_path=None, model_content: bytes | None = None, threads: int | None = None):
    """A TFLite interpreter with its tensors allocated.

    Args:
        model_path: A `.tflite` file; it is checked first, since the runtime may crash on a damaged one. Or
        model_content: bytes that were checked.
        threads: Number of threads; the runtime's choice when left out.

    Returns:
        The runtime's `Interpreter`.

    Raises:
        ValueError: If the file is damaged or not a TFLite model; the message names it.
        ImportError: If there is no runtime; the message names the extra to install.

    Example:
        >>> interpreter("model.tflite").get_input_details()[0]["shape"]
        array([  1, 513, 513,   3], dtype=int32)
    """
    runtime = _module("interpreter")
    content = model_content if model_path is None else read_tflite_content(model_path).content
    with reading(model_path or "The given bytes", "a TFLite model", "Copy, export or download it again."):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = runtime.Interpreter(model_content=content, num_threads=threads)
            made.allocate_tensors()
        return made


def schema() -> ModuleType:
    """The generated classes of the TFLite file format (`ModelT` and its parts)."""
    return _module("schema_py_generated")
