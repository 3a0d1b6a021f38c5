"""The zoo's files in the cache: fetched once, unpacked, and kept as Keras models."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from deeplab_tf.models import SegmentationModel, load_model, save_model
from deeplab_tf.weights.formats.archive import DamagedArchive, unpacked
from deeplab_tf.weights.zoo.catalogue import ZooEntry
from deeplab_tf.weights.zoo.download import cache_folder, check_sum, download

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def unpacked_entry(entry: ZooEntry) -> Iterator[Path]:
    """What to read of an entry, for the time of a `with` block: a checkpoint's prefix, or a graph.

    Its archive is downloaded if it is not in the cache.

    Yields:
        As `unpacked`.

    Raises:
        As `download` and `unpacked`.
    """
    archive = cache_folder() / entry.file
    fetched = not archive.is_file()
    if fetched:
        logger.info(f"{entry.name}: {entry.url} to {archive}")
        download(entry.url, archive, entry.megabytes, entry.sha256)
    else:
        _check_kept(archive, entry)
    try:
        with unpacked(archive, entry.checkpoint) as found:
            yield found
    except DamagedArchive:
        if fetched:
            archive.unlink()
            archive.with_name(f"{archive.name}.sha256").unlink(missing_ok=True)
        raise


def _check_kept(archive: Path, entry: ZooEntry) -> None:
    try:
        check_sum(archive, archive, entry.sha256)
    except ValueError as error:
        raise ValueError(f"{archive}: {error}. Otherwise delete it, and it is downloaded again.") from error


def kept_model(entry: ZooEntry, convert: Callable[[], SegmentationModel]) -> SegmentationModel:
    """An entry's model from the cache, where it is kept as a `.keras` file once it was converted.

    Args:
        entry: An entry that is a DeepLab.
        convert: Makes the model from the released file.

    Raises:
        As `convert`.
    """
    kept = cache_folder() / f"{entry.name}.keras"
    if kept.is_file():
        with contextlib.suppress(ValueError):
            return load_model(kept)
        logger.info(f"{kept} does not load; converting it again.")
    model = convert()
    save_model(model, kept)
    return model
