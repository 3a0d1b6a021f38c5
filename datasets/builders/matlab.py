"""Masks that MATLAB saved: SBD's `GTcls.Segmentation`, PASCAL-Context's `LabelMap`."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np

from deeplab_tf.datasets.builders.mat_structure import HDF5, check_structure, format_version
from deeplab_tf.files.reading import reading


def read_mat(path: str | os.PathLike, key: str) -> np.ndarray:
    """One matrix of label ids in a MATLAB file.

    Args:
        path: A `.mat` file of MATLAB 4 to 7.2, as SBD and PASCAL-Context have them.
        key: The variable; fields of a struct follow after points, as in `GTcls.Segmentation`.

    Returns:
        Whole numbers, `[H, W]`, in the integer type of the file; those that it holds as floats become int64.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, damaged, or of another layout: it lacks the variable or a field, or what
            lies there is no matrix of whole numbers. The message names the file and what it has instead.
        ImportError: If SciPy is missing; the message names the extra to install.

    Example:
        >>> read_mat("SBD/dataset/cls/2008_000002.mat", "GTcls.Segmentation").shape
        (375, 500)
    """
    io = _reader()
    with reading(path, "a MATLAB file", "Restore the file or leave it out."):
        content = Path(path).read_bytes()
        if format_version(content) == HDF5:
            raise ValueError(f"{path} is in MATLAB's 7.3 format (HDF5). Save it in MATLAB with -v7.")
        check_structure(content)
        found = io.loadmat(BytesIO(content))
        return _whole_numbers(path, key, _field(path, key, found))


def _field(path: str | os.PathLike, key: str, found: dict) -> np.ndarray:
    value = {name: item for name, item in found.items() if not name.startswith("__")}
    place = "the file"
    for name in key.split("."):
        there = list(value if isinstance(value, dict) else value.dtype.names or ())
        if name not in there:
            raise ValueError(
                f"{path} is a .mat of another layout: expected {key}, but {place} has {there or 'no fields'}. "
                "Give the folder of the data set's own files."
            )
        value, place = value[name], name
        # A struct is a matrix of structs, here of one, and so are its fields.
        if value.dtype == object and value.size == 1:
            value = np.asarray(value.item())
    return value


def _whole_numbers(path: str | os.PathLike, key: str, value: np.ndarray) -> np.ndarray:
    kind = value.dtype.kind
    whole = kind in "iu" or (kind == "f" and bool(np.all(np.isfinite(value) & (value == np.rint(value)))))
    if value.ndim != 2 or not value.size or not whole:
        raise ValueError(
            f"{path} is a .mat of another layout: its {key} is {value.dtype} {list(value.shape)}; expected a matrix of "
            "whole numbers. Give the folder of the data set's own files."
        )
    return value.astype(np.int64) if kind == "f" else value


def _reader() -> ModuleType:
    try:
        import scipy.io
    except ImportError as error:
        raise ImportError("Reading MATLAB's .mat files needs SciPy: pip install 'deeplab-tf[mat]'") from error
    return scipy.io
