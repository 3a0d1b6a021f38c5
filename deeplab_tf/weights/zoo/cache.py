"""The zoo's files in the cache: fetched once, unpacked, and kept as Keras models."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from deeplab_tf.models import SegmentationModel, load_model, save_model
from deeplab_tf.weights.formats.archive import DamagedArchive, is_archive, unpacked
from deeplab_tf.weights.zoo.catalogue import ZOO, ZooEntry, entry_of_file, zoo_entry
from deeplab_tf.weights.zoo.download import cache_folder, check_sum, download

logger = logging.getLogger(__name__)

# Depth multipliers of backbones that are not 1 when left out.
WIDTHS = {"mobilenet_edgetpu_slim": 0.75}


def in_zoo(source) -> bool:
    """Whether `source` is the name of an entry, or an archive, and not another file.

    Raises:
        ValueError: If it is a name, by its looks, that the zoo has not; the message lists those it has.
    """
    if not isinstance(source, str | os.PathLike) or is_archive(source):
        return is_archive(source)
    text = os.fspath(source)
    path = Path(text)
    if text in ZOO:
        return True
    if not path.suffix and len(path.parts) == 1 and not path.exists() and not path.with_suffix(".index").exists():
        zoo_entry(text)
    return False


def entry_of(source: str | os.PathLike) -> ZooEntry | None:
    """The entry that `source`, a name or an archive, means; None for an archive from elsewhere."""
    return entry_of_file(Path(source).name) if is_archive(source) else zoo_entry(os.fspath(source))


@contextlib.contextmanager
def opened(source: str | os.PathLike) -> Iterator[Path]:
    """What to read of an entry or an archive, for the time of a `with` block: a checkpoint's prefix, or a graph.

    An entry's archive is downloaded if it is not in the cache.

    Args:
        source: An entry's name, or a `.tar.gz` file.

    Yields:
        As `unpacked`.

    Raises:
        As `download` and `unpacked`.
    """
    entry = entry_of(source)
    archive, fetched = Path(source), False
    if not is_archive(source):
        archive = cache_folder() / entry.file
        fetched = not archive.is_file()
        if fetched:
            logger.info(f"{entry.name}: {entry.url} to {archive}")
            download(entry.url, archive, entry.megabytes, entry.sha256)
        else:
            _check_kept(archive, entry)
    try:
        with unpacked(archive, entry.checkpoint if entry else None) as found:
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


def check_backbone(model: SegmentationModel, source: str | os.PathLike) -> None:
    """Refuses, before any download, an entry for another backbone or depth multiplier than a model's.

    Raises:
        ValueError: If it is for another.
    """
    entry = entry_of(source)
    if not entry:
        return
    theirs, ours = (
        f"{name}, depth multiplier {settings.get('depth_multiplier') or WIDTHS.get(name, 1.0):g}"
        for name, settings in ((entry.backbone, entry.settings), (model.backbone_name, model.settings))
    )
    if theirs != ours:
        raise ValueError(
            f"{source} has weights for the backbone {theirs}; the model's is {ours}. Build the model with that "
            "backbone, or take other weights."
        )


def load_zoo(source: str | os.PathLike, convert: Callable[[Path, dict | None], SegmentationModel]) -> SegmentationModel:
    """A segmentation model of the zoo. An entry, once converted, is kept as a `.keras` file in the cache.

    Args:
        source: An entry's name, or a `.tar.gz` file.
        convert: `(found, arguments) -> model`: makes the model of what `opened` gives, with the constructor's
            arguments where the entry is known.

    Returns:
        The model.

    Raises:
        ValueError: If it is not a segmentation model, or does not load; the message names it.
        As `opened`.
    """
    entry = entry_of(source)
    if entry and not entry.model:
        raise ValueError(
            f"{source} is a start for training, with weights of {entry.data} for the backbone {entry.backbone}, not a "
            f'DeepLab. Give it to a model: DeepLabV3Plus("{entry.backbone}", weights="{source}").'
        )
    kept = None if is_archive(source) else cache_folder() / f"{entry.name}.keras"
    if kept and kept.is_file():
        with contextlib.suppress(ValueError):
            return load_model(kept)
        logger.info(f"{kept} does not load; converting it again.")
    with opened(source) as found:
        model = convert(found, entry.arguments if entry else None)
    if kept:
        save_model(model, kept)
    return model
