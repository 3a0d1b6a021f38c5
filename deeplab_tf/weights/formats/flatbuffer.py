"""Flatbuffers, which TFLite's files are made of, read with every offset checked."""

from __future__ import annotations

import struct

import numpy as np

MOST_TABLES = 200_000


class Damaged(ValueError):
    """Bytes that cannot be a model."""


def root_table(content: bytes) -> Table:
    """The first table of a flatbuffer: of a model, or of the metadata in it.

    Every table, vector and text that is read from it lies inside the bytes.

    Raises:
        ValueError: If one does not; the table's own methods raise it too.
    """
    return FlatBuffer(content).table(0)


class FlatBuffer:
    """The file; counts the tables that are read, so that a few bytes cannot stand for millions."""

    def __init__(self, content: bytes):
        self.content = memoryview(content)
        self.left = MOST_TABLES

    def unpack(self, format: str, position: int):
        """The number at a position, in `struct`'s format."""
        if not 0 <= position <= len(self.content) - struct.calcsize(format):
            raise Damaged("a table points outside the file")
        return struct.unpack_from(format, self.content, position)[0]

    def table(self, position: int) -> Table:
        """The table that the offset at `position` leads to."""
        self.left -= 1
        if self.left < 0:
            raise Damaged(f"it has more than {MOST_TABLES} tables")
        return Table(self, position + self.unpack("<I", position))


class Table:
    """A table at a position of the bytes; fields have numbers, and one that is left out reads as empty."""

    def __init__(self, data: FlatBuffer, position: int):
        self.data, self.position = data, position
        vtable = position - data.unpack("<i", position)
        length, self.size = data.unpack("<H", vtable), data.unpack("<H", vtable + 2)
        if length < 4 or length % 2 or self.size < 4 or position + self.size > len(data.content):
            raise Damaged("a table's rows lie outside it")
        data.unpack(f"<{length}s", vtable)
        self.fields = struct.unpack_from(f"<{length // 2 - 2}H", data.content, vtable + 4)
        if any(offset and not 4 <= offset < self.size for offset in self.fields):
            raise Damaged("a field lies outside its table")

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return field < len(self.fields) and self.fields[field] > 0

    def number(self, field: int, format: str, default):
        """A field's number, in `struct`'s format."""
        return self.data.unpack(format, self.position + self.fields[field]) if self.has(field) else default

    def table(self, field: int) -> Table | None:
        """The table of a field that holds one."""
        return self.data.table(self.position + self.fields[field]) if self.has(field) else None

    def tables(self, field: int) -> list[Table]:
        """The tables of a field that lists some."""
        start, count = self._span(field, 4)
        return [self.data.table(start + 4 * index) for index in range(count)]

    def vector(self, field: int, size: int) -> memoryview:
        """The bytes of a field that lists items of `size` bytes each."""
        start, count = self._span(field, size)
        return self.data.content[start : start + count * size]

    def array(self, field: int, dtype: str) -> np.ndarray:
        """A field's numbers."""
        return np.frombuffer(self.vector(field, np.dtype(dtype).itemsize), dtype)

    def integers(self, field: int) -> tuple[int, ...]:
        """A field's int32 numbers."""
        return tuple(self.array(field, "<i4").tolist())

    def text(self, field: int) -> str:
        """A field's text; bytes that are not UTF-8 are escaped."""
        return bytes(self.vector(field, 1)).decode("utf-8", "backslashreplace")

    def _span(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's items start, and how many there are."""
        if not self.has(field):
            return 0, 0
        at = self.position + self.fields[field]
        at += self.data.unpack("<I", at)
        count = self.data.unpack("<I", at)
        if at + 4 + count * size > len(self.data.content):
            raise Damaged("a vector ends outside the file")
        return at + 4, count
