"""Released `.tar.gz` files: safely unpacked, and what to read in them."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deeplab_tf.files.disk import DiskFull, writing
from deeplab_tf.files.reading import reading, reason, shown
from deeplab_tf.files.scratch import scratch_folder

# The rest, such as graphs without weights and text, is left where it is.
WANTED = re.compile(r".*\.(index|data-\d{5}-of-\d{5}|pb)$")
SUFFIXES = (".tar.gz", ".tgz")
# The largest released archive holds half a gigabyte.
MOST_BYTES = 8 * 2**30
HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
LONGEST_HEADER = 1 << 20
PUBLISHER = "It is not unpacked; take the file from its publisher."


class DamagedArchive(ValueError):
    """An archive that cannot be read to its end."""


@contextlib.contextmanager
def unpacked(path: str | os.PathLike, checkpoint: str | None = None) -> Iterator[Path]:
    """Unpacks an archive into a temporary folder, for the time of a `with` block.

    Args:
        path: A `.tar.gz` file.
        checkpoint: Path of the checkpoint inside; searched for when left out or not there.

    Yields:
        What to read: the prefix of its checkpoint, which has the batch statistics that training needs, or else its
        frozen graph.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedArchive: If it is cut off or no `.tar.gz` file.
        ValueError: If a member's path leads out of the folder, is a link, a device or sparse, it holds more than any
            model, or nothing in it can be read; the message names the file. So do errors that the block raises about
            what was unpacked.

    Example:
        >>> with unpacked("deeplabv3_pascal_train_aug_2018_01_04.tar.gz") as prefix:
        ...     prefix.name
        'model.ckpt'
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {shown(path)}. Check the path.")
    with scratch_folder() as folder:
        with reading(path, "a .tar.gz file", "Delete it and download it again."):
            try:
                with writing(folder):
                    names = _unpack(path, folder)
            except DiskFull as error:
                raise DiskFull(error.errno, f"{shown(path)} is not unpacked: {error} TMPDIR names one.") from error
            found = _choose(path, folder, names, checkpoint)
        try:
            yield found
        except (ValueError, FileNotFoundError) as error:
            if str(folder) not in str(error):
                raise
            # The user knows the archive, not where it was unpacked.
            raise type(error)(str(error).replace(f"{folder}{os.sep}", f"{shown(path)}: ")) from error


class _Member(tarfile.TarInfo):
    """A header; refuses at once what claims sizes that are not there."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        member = super().frombuf(buf, encoding, errors)
        if member.type == tarfile.GNUTYPE_SPARSE:
            raise ValueError(f"holds {member.name!r}, a sparse file")
        if member.type in HEADERS and member.size > LONGEST_HEADER:
            raise ValueError(f"holds a header of {member.size} bytes")
        return member


class _Limited:
    """A stream that ends in an error where there is more than any model has."""

    def __init__(self, stream):
        self._stream, self._left = stream, MOST_BYTES

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError(f"holds more than {MOST_BYTES / 2**30:.0f} GiB")
        return content


def _unpack(path: Path, folder: Path) -> list[str]:
    """Unpacks the members that are wanted; the names of all files in the archive."""
    names = []
    try:
        with gzip.open(path) as packed:
            stream = _Limited(packed)
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:
                for member in archive:
                    inside = _checked(path, member)
                    if not member.isfile():
                        continue
                    names.append(str(inside))
                    if WANTED.match(inside.name):
                        _check_room(path, folder, member)
                        target = folder / inside
                        target.parent.mkdir(parents=True, exist_ok=True)
                        with open(target, "wb") as file:
                            shutil.copyfileobj(archive.extractfile(member), file, 1 << 20)
            # The checksum comes last.
            while stream.read(1 << 20):
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DamagedArchive(
            f"{shown(path)} is cut off or no .tar.gz file ({reason(error)}). Delete it and download it again."
        ) from error
    except ValueError as error:
        if shown(path) in str(error):
            raise
        raise ValueError(f"{shown(path)} {error}, which a released model has not. {PUBLISHER}") from error
    return names


def _check_room(path: Path, folder: Path, member: tarfile.TarInfo) -> None:
    if member.size > MOST_BYTES or member.size > shutil.disk_usage(folder).free:
        raise ValueError(
            f"{shown(path)} holds {member.name!r} of {member.size / 1e9:.1f} GB, for which {folder} has no room. "
            "Free some, or set TMPDIR to a folder that has it."
        )


def _checked(path: Path, member: tarfile.TarInfo) -> PurePosixPath:
    inside = PurePosixPath(member.name)
    if inside.is_absolute() or ".." in inside.parts or "\\" in member.name or ":" in member.name:
        raise ValueError(f"{shown(path)} holds {member.name!r}, a path that leads out of its folder. {PUBLISHER}")
    if member.issparse():
        raise ValueError(
            f"{shown(path)} holds {member.name!r}, a sparse file, which a released model has not. {PUBLISHER}"
        )
    if not (member.isfile() or member.isdir()):
        raise ValueError(
            f"{shown(path)} holds {member.name!r}, a link or a device, which a released model has not. {PUBLISHER}"
        )
    return inside


def _choose(path: Path, folder: Path, names: list[str], checkpoint: str | None) -> Path:
    prefixes = [found.with_suffix("") for found in sorted(folder.rglob("*.index"))]
    whole = [prefix for prefix in prefixes if list(prefix.parent.glob(f"{prefix.name}.data-*"))]
    if checkpoint and folder / checkpoint in whole:
        return folder / checkpoint
    if whole:
        return max(whole, key=lambda prefix: (_step(prefix), str(prefix)))
    graphs = [found for found in sorted(folder.rglob("*.pb")) if found.name != "saved_model.pb"]
    if graphs:
        return graphs[0]
    raise ValueError(
        f"{shown(path)} holds neither a checkpoint (.index and .data files) nor a frozen graph (.pb), "
        f"but {names[:5] or 'nothing'}."
    )


def _step(prefix: Path) -> int:
    found = re.search(r"-(\d+)$", prefix.name)
    return int(found[1]) if found else 0
