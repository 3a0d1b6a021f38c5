"""Released `.tar.gz` files: safely unpacked, and what to read in them."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# The rest, such as graphs without weights and text, is left where it is.
WANTED = re.compile(r".*\.(index|data-\d{5}-of-\d{5}|pb)$")
SUFFIXES = (".tar.gz", ".tgz")


class DamagedArchive(ValueError):
    """An archive that cannot be read to its end."""


def is_archive(path) -> bool:
    """Whether a path ends as the release's archives do."""
    return isinstance(path, str | os.PathLike) and str(path).endswith(SUFFIXES)


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
        ValueError: If a member's path leads out of the folder, is a link or a device, or nothing in it can be read;
            the message names the file.

    Example:
        >>> with unpacked("deeplabv3_pascal_train_aug_2018_01_04.tar.gz") as prefix:
        ...     prefix.name
        'model.ckpt'
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    with tempfile.TemporaryDirectory(prefix="deeplab_tf-") as folder:
        names = _unpack(path, Path(folder))
        yield _choose(path, Path(folder), names, checkpoint)


def _unpack(path: Path, folder: Path) -> list[str]:
    """Unpacks the members that are wanted; the names of all files in the archive."""
    names = []
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                inside = _checked(path, member)
                if not member.isfile():
                    continue
                names.append(str(inside))
                if WANTED.match(inside.name):
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
            f"{path} is cut off or no .tar.gz file ({error}). Delete it and download it again."
        ) from error
    return names


def _checked(path: Path, member: tarfile.TarInfo) -> PurePosixPath:
    inside = PurePosixPath(member.name)
    if inside.is_absolute() or ".." in inside.parts or "\\" in member.name or ":" in member.name:
        raise ValueError(
            f"{path} holds {member.name!r}, a path that leads out of its folder. It is not unpacked; "
            "take the file from its publisher."
        )
    if not (member.isfile() or member.isdir()):
        raise ValueError(
            f"{path} holds {member.name!r}, a link or a device, which a released model has not. It is not unpacked; "
            "take the file from its publisher."
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
        f"{path} holds neither a checkpoint (.index and .data files) nor a frozen graph (.pb), "
        f"but {names[:5] or 'nothing'}."
    )


def _step(prefix: Path) -> int:
    found = re.search(r"-(\d+)$", prefix.name)
    return int(found[1]) if found else 0
