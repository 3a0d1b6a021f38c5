"""Opening whatever one trains on: TFRecords, image and mask files, an annotator's files, a TFDS folder."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deeplab_tf.checks import listing
from deeplab_tf.datasets.audit.annotated import RawSource
from deeplab_tf.datasets.audit.raw_source import find_source, warn_of_unused
from deeplab_tf.datasets.builders.class_names import Labels, named_labels
from deeplab_tf.datasets.builders.folder import divide_folder
from deeplab_tf.datasets.builders.folder_masks import ids_in_names
from deeplab_tf.datasets.pipeline.image_files import ImageFiles
from deeplab_tf.datasets.pipeline.prepared import JoinedData, is_prepared, open_prepared
from deeplab_tf.datasets.records.dataset import INDEX_NAME, DataSet, open_dataset
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.datasets.records.parallel import worker_count
from deeplab_tf.files.reading import shown

_log = logging.getLogger(__name__)
VAL = "val"
# Of a folder of images and masks that says nothing of validation; drawn by `DRAW` whatever the seed of a run, so that
# runs can be compared, and as `convert_folder` draws.
VAL_SHARE, DRAW = 0.1, 0


@contextlib.contextmanager
def open_data(
    path: str | os.PathLike,
    train_split: str = "train",
    val_split: str | None = None,
    *,
    labels: Labels = None,
    masks: str | os.PathLike | None = None,
    mask_suffix: str | None = None,
    ids: Sequence[int] = (),
    val_data: str | os.PathLike | None = None,
    val_masks: str | os.PathLike | None = None,
    val_share: float | None = None,
) -> Iterator[DataSet | ImageData]:
    """What to train and validate on, converted or not, while the block lasts.

    Files are read as they are, in the order of their conversion and to the same pixels. Reading TFRecords is faster;
    for large data sets convert them.

    Args:
        path: A folder of TFRecords; or one that `inspect_dataset` takes before conversion, of images and masks for
            instance; or the folder of a data set that TFDS has prepared, with its version.
        train_split: The split to train on. A folder of images and masks is one split, whatever it is called.
        val_split: The split to validate on; `val` when left out, where there is one.
        labels: What the label ids mean, or what `label_spec` takes for it, where the data do not say; or a `.txt` file
            of class names. Of a folder of images and masks the classes are counted otherwise.
        masks: The folder of masks where `path` is one of images.
        mask_suffix: As for `convert_folder`.
        ids: As for `convert_folder`.
        val_data: What to validate on where it lies elsewhere: anything that `path` may be.
        val_masks: Its folder of masks.
        val_share: Share of the images to validate on instead, 0 to below 1, drawn from a folder that is one split, the
            same ones as `convert_folder` draws. When left out it is a tenth where nothing else says what to validate
            on; 0 is for no validation.

    Yields:
        What `training_batches` and `evaluation_images` take, with the splits `train_split` and `val_split`.

    Raises:
        FileNotFoundError: If `labels` is a file that is not there.
        ValueError: If there are no such data, or split, files are missing, the arguments contradict each other, or the
            classes of the two differ.
        ImportError: If `path` is a folder of TFDS, and the extra `tfds` is not installed.

    Example:
        >>> with open_data("images", masks="masks", val_share=0.2) as data:
        ...     data.splits, data.count("val"), data.labels.classes
        (('train', 'val'), 20, 3)
    """
    _check(path, masks, val_data, val_masks, val_share)
    labels = named_labels(labels)
    with contextlib.ExitStack() as stack:
        options = {"mask_suffix": mask_suffix, "stack": stack}
        share = 0.0 if val_data is not None else val_share
        wanted = [train_split] if val_split is None or val_data is not None else [train_split, val_split]
        # Where both are given, the settings of masks may be meant for the others.
        data = _opened(Path(path), wanted, labels, masks, ids, share, told=val_data is None, **options)
        if val_data is None:
            yield data
            return
        # Records say theirs, which are compared below.
        meant = None if (Path(val_data) / INDEX_NAME).is_file() else data.labels
        ids = ids or ids_in_names(data.labels)
        try:
            validation = _opened(Path(val_data), [val_split or VAL], meant, val_masks, ids, 0.0, told=False, **options)
        except ValueError as error:
            raise ValueError(str(error).replace("--masks", "--val-masks")) from error
        split = val_split or (VAL if VAL in validation.splits else _only(validation))
        _check_classes(data, validation)
        yield JoinedData({train_split: (data, train_split), val_split or VAL: (validation, split)})


def _check(path, masks, val_data, val_masks, val_share) -> None:
    if val_masks is not None and val_data is None:
        raise ValueError(f"val_masks {val_masks} are the masks of val_data, which is not given. Give it too.")
    if val_share and val_data is not None:
        raise ValueError(
            f"Received both val_data {val_data} and val_share {val_share}; each says what to validate on. Give one."
        )
    for name, given, where in (("masks", masks, path), ("val_masks", val_masks, val_data)):
        if given is not None and where is not None and is_prepared(Path(where)):
            raise ValueError(
                f"{where} was prepared by TFDS and has its masks; received {name} {given} too. Leave them out."
            )


def _opened(
    path: Path, wanted: list[str], labels, masks, ids: Sequence[int], share: float | None, *, stack, told, **options
) -> DataSet | ImageData:
    if is_prepared(path):
        found = open_prepared(path, labels)
    else:
        source = find_source(path, None, labels, masks, ids=ids, stack=stack, strict=True, **options)
        if told:
            warn_of_unused(path, source, options["mask_suffix"], ids)
        if source is not None:
            missing = [] if source.one_split else [split for split in wanted if split not in source.pairs]
            more = find_source(path, missing, labels, None, ids=ids, stack=stack, **options) if missing else None
            return _files(path, source, more, wanted, share)
        found = open_dataset(path, labels)
    if share:
        raise ValueError(
            f"val_share {share} is for a folder of images and masks; {path} has the splits {sorted(found.splits)}. "
            "Leave it out, or name one of them by val_split."
        )
    return found


def _files(path: Path, source: RawSource, more: RawSource | None, wanted: list[str], share: float | None) -> ImageFiles:
    if source.findings:
        _log.warning("%s", listing((finding.detail for finding in source.findings), separator=" "))
    if not source.one_split:
        if share:
            raise ValueError(
                f"val_share {share} is for a folder that is one split; {path} has {sorted(source.pairs)}. Leave it "
                "out, or name one of them by val_split."
            )
        return ImageFiles(path, source.labels, {**source.pairs, **(more.pairs if more else {})})
    (pairs,) = source.pairs.values()
    told = share is not None
    share = VAL_SHARE if share is None else share
    if not told and not round(len(pairs) * share):
        share = 0.0
    # The names as they are; `divide_folder` has its own.
    divided = list(divide_folder(pairs, "train", share, DRAW, worker_count(None)).values())
    names = [wanted[0], wanted[1] if len(wanted) > 1 else VAL]
    splits = dict(zip(names, divided))
    if not share:
        return ImageFiles(path, source.labels, splits)
    _log.info(
        "%s: %d of %d images are kept for validation, drawn by val_share %g%s.",
        shown(path), len(divided[1]), len(pairs), share, "" if told else "; val_data names others, 0 trains on all",
    )  # fmt: skip
    drawn = {"drawn": {"val_share": share, "seed": DRAW, "of": len(pairs)}}
    return ImageFiles(path, source.labels, splits, dict.fromkeys(names, drawn))


def _only(data: DataSet | ImageData) -> str:
    if len(data.splits) != 1:
        raise ValueError(f"{data.path} has the splits {sorted(data.splits)}. Name the one to validate on by val_split.")
    return next(iter(data.splits))


def _check_classes(data: DataSet | ImageData, validation: DataSet | ImageData) -> None:
    trained, measured = data.labels, validation.labels
    if (trained.names, trained.ignore_label) != (measured.names, measured.ignore_label):
        raise ValueError(
            f"{shown(validation.path)} has {measured.classes} classes of {measured.name!r}, ignoring "
            f"{measured.ignore_label}; the images to train on, {shown(data.path)}, have {trained.classes} of "
            f"{trained.name!r}, ignoring {trained.ignore_label}. Give data of the same classes."
        )
