"""The elements of a MATLAB 5 to 7.2 file, walked with every size checked: SciPy may crash on a damaged one."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

HEADER = 128
MOST_BYTES = 1 << 28
DEEPEST = 16
MATRIX, COMPRESSED = 14, 15
# Bytes of a value, by the number of its type.
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
CELL, STRUCT, OBJECT, CHAR, SPARSE, NUMERIC = 1, 2, 3, 4, 5, range(6, 16)
COMPLEX = 0x800
MATLAB_4, MATLAB_5, HDF5 = 0, 1, 2


def format_version(content: bytes) -> int:
    """The major version in a file's header: `MATLAB_4`, `MATLAB_5` (to 7.2), or `HDF5`, which 7.3 writes.

    Raises:
        ValueError: If the header is none of MATLAB's.
    """
    if len(content) >= 4 and 0 in content[:4]:
        return MATLAB_4
    return struct.unpack_from(f"{_byte_order(content)}H", content, 124)[0] >> 8


def _byte_order(content: bytes) -> str:
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise ValueError("its header does not say the order of bytes")
    return order


def check_structure(content: bytes) -> None:
    """Refuses a file whose elements do not fit together.

    Of other versions than `MATLAB_5` nothing is checked: SciPy reads 4 in Python and refuses the rest.

    Args:
        content: The whole file.

    Raises:
        ValueError: If a type is unknown, or a size leaves its element or contradicts another.

    Example:
        >>> check_structure(open("SBD/dataset/cls/2008_000002.mat", "rb").read())
    """
    if format_version(content) != MATLAB_5:
        return
    order = _byte_order(content)
    for kind, data in _elements(content[HEADER:], order):
        if kind == COMPRESSED:
            for inner, unpacked in _elements(_decompressed(data), order):
                _check_matrix(inner, unpacked, order, 0)
        else:
            _check_matrix(kind, data, order, 0)


def _decompressed(data: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"a compressed element is damaged: {error}") from error
    if not unpacker.eof:
        raise ValueError(f"a compressed element is cut off, or larger than {MOST_BYTES} bytes")
    return unpacked


def _elements(content: bytes | memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and data of the elements that follow each other."""
    content, position = memoryview(content), 0
    while position < len(content):
        if len(content) - position < 8:
            raise ValueError("its last element is cut off")
        kind, size = struct.unpack_from(f"{order}II", content, position)
        if kind >> 16:
            kind, size = kind & 0xFFFF, kind >> 16
            start, following = position + 4, position + 8
        else:
            start = position + 8
            # Between elements of a matrix MATLAB fills up to a multiple of 8.
            following = start + (size if kind == COMPRESSED else -(-size // 8) * 8)
        if start + size > min(following, len(content)):
            raise ValueError(f"an element of {size} bytes leaves its place")
        if kind not in WIDTHS and kind not in (MATRIX, COMPRESSED):
            raise ValueError(f"an element has the unknown type {kind}")
        yield kind, content[start : start + size]
        position = following


def _check_matrix(kind: int, data: memoryview, order: str, depth: int) -> None:
    if kind != MATRIX:
        raise ValueError(f"an element has the type {kind} where a matrix belongs")
    if not data:
        return
    if depth > DEEPEST:
        raise ValueError(f"its matrices lie more than {DEEPEST} deep in each other")
    parts = _elements(data, order)
    flags = struct.unpack(f"{order}I", _part(parts, (6,))[1][:4].tobytes().ljust(4, b"\0"))[0]
    sides = _part(parts, (5,))[1]
    if len(sides) % 4 or not 8 <= len(sides) <= 32 * 4:
        raise ValueError("a matrix has no sides")
    shape = struct.unpack(f"{order}{len(sides) // 4}i", sides)
    count = math.prod(shape)
    _part(parts, (1, 2))
    group = flags & 0xFF
    if group in NUMERIC or group == CHAR:
        for _ in range(2 if flags & COMPLEX else 1):
            found, values = _part(parts, tuple(WIDTHS))
            if group in NUMERIC and len(values) != count * WIDTHS[found]:
                raise ValueError(f"a matrix of {count} values has {len(values)} bytes of type {found}")
    elif group in (CELL, STRUCT, OBJECT):
        _check_parts(parts, group, count, order, depth)
    elif group == SPARSE:
        _check_sparse(parts, shape, order, flags)
    else:
        raise ValueError(f"a matrix is of the group {group}; masks are numbers, perhaps in structs or cells")
    if next(parts, None) is not None:
        raise ValueError("a matrix has more parts than belong to it")


def _check_sparse(parts: Iterator, shape: tuple[int, ...], order: str, flags: int) -> None:
    """A matrix that lists its values by column, such as the boundaries that SBD's files also hold."""
    rows, starts = (np.frombuffer(_numbers(parts, (5, 6), 4), f"{order}i4") for _ in range(2))
    count = starts[-1] if len(starts) else 0
    fit = len(shape) == 2 and len(starts) == shape[1] + 1 and starts[0] == 0 and (np.diff(starts) >= 0).all()
    if not fit or count > len(rows) or ((rows[:count] < 0) | (rows[:count] >= shape[0])).any():
        raise ValueError("a sparse matrix lists values outside its sides")
    for _ in range(2 if flags & COMPLEX else 1):
        found, values = _part(parts, tuple(WIDTHS))
        if len(values) % WIDTHS[found] or len(values) // WIDTHS[found] < count:
            raise ValueError(f"a sparse matrix of {count} values has {len(values)} bytes of type {found}")


def _numbers(parts: Iterator, kinds: tuple[int, ...], width: int) -> memoryview:
    _, data = _part(parts, kinds)
    if len(data) % width:
        raise ValueError(f"{len(data)} bytes are not numbers of {width} bytes")
    return data


def _check_parts(parts: Iterator, group: int, count: int, order: str, depth: int) -> None:
    """The matrices in a cell array, a struct or an object."""
    fields = 1
    if group == OBJECT:
        _part(parts, (1, 2))
    if group != CELL:
        length = struct.unpack(f"{order}i", bytes(_part(parts, (5,))[1]).ljust(4, b"\0")[:4])[0]
        names = _part(parts, (1, 2))[1]
        if length < 1 or len(names) % length:
            raise ValueError("a struct's names have no length")
        fields = len(names) // length
    for _ in range(count * fields):
        kind, data = _part(parts, (MATRIX,))
        _check_matrix(kind, data, order, depth + 1)


def _part(parts: Iterator[tuple[int, memoryview]], kinds: tuple[int, ...]) -> tuple[int, memoryview]:
    kind, data = next(parts, (None, memoryview(b"")))
    if kind not in kinds:
        raise ValueError(f"a part of a matrix has the type {kind}, not one of {list(kinds)}")
    return kind, data
