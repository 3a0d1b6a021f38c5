"""Images with masks, whatever they lie in: TFRecords, image and mask files, an annotator's files, a TFDS folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from deeplab_tf.datasets.audit.raw_source import find_source, warn_of_unused
from deeplab_tf.datasets.builders.class_names import Labels, named_labels
from deeplab_tf.datasets.pipeline.batches import evaluation_images
from deeplab_tf.datasets.pipeline.prepared import is_prepared, open_prepared
from deeplab_tf.datasets.records.damage import explained_data
from deeplab_tf.datasets.records.dataset import open_dataset
from deeplab_tf.datasets.records.pairs import Pair, check_pair, mark_repeated
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count
from deeplab_tf.labels import LabelSpec


@contextlib.contextmanager
def labelled_images(
    path: str | os.PathLike,
    split: str = "val",
    labels: Labels = None,
    *,
    masks: str | os.PathLike | None = None,
    mask_suffix: str | None = None,
    ids: Sequence[int] = (),
    otherwise: LabelSpec | None = None,
) -> Iterator[tuple[Iterable[Mapping], LabelSpec]]:
    """The images of a data set, converted or not, one after the other, while the block lasts.

    Args:
        path: A folder of TFRecords; or one that `inspect_dataset` takes before conversion; or the folder of a data set
            that TFDS has prepared, with its version.
        split: The split. A folder of images and masks is one split, whatever it is called.
        labels: What the label ids mean, or what `label_spec` takes for it, where the data do not say; or a `.txt` file
            of class names.
        masks: The folder of masks where `path` is one of images.
        mask_suffix: As for `convert_folder`.
        ids: As for `convert_folder`.
        otherwise: The labels of data that do not say theirs, where `labels` do not either: those of a model.

    Yields:
        The images, as `evaluation_images` gives them, and their labels. Of a pair of files that does not
        fit, or cannot be read, taking its `image` raises the `ValueError`, so that the others can be gone through.

    Raises:
        FileNotFoundError: If `labels` is a file that is not there.
        ValueError: If there are no such data, or split; or a shard is damaged.
        ImportError: If `path` is a folder of TFDS, and the extra `tfds` is not installed.

    Example:
        >>> with labelled_images("voc-tfrecords", "val") as (images, labels):
        ...     print(labels.classes, sorted(next(iter(images))))
        21 ['filename', 'image', 'label']
    """
    path, labels = Path(path), named_labels(labels)
    if masks is None and is_prepared(path):
        data = open_prepared(path, labels, otherwise)
        yield evaluation_images(data.builder, split, labels=data.labels), data.labels
        return
    with contextlib.ExitStack() as stack:
        options = {"otherwise": otherwise, "stack": stack}
        source = find_source(path, [split], labels, masks, mask_suffix, ids, **options)
        warn_of_unused(path, source, mask_suffix, ids)
        if source is not None:
            yield _Files(source.pairs[split], source.labels), source.labels
            return
    dataset = open_dataset(path, labels)
    with explained_data(dataset, split):
        yield evaluation_images(dataset, split), dataset.labels


class _Files:
    """Pairs of files, read ahead in threads."""

    def __init__(self, pairs: Sequence[Pair], labels: LabelSpec):
        self._pairs, self._labels = mark_repeated(pairs), labels

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Mapping]:
        return ordered_map(lambda pair: _Item(pair, self._labels), self._pairs, worker_count(None))


class _Item(Mapping):
    """One pair; what is wrong with it is raised when its pixels are asked for."""

    def __init__(self, pair: Pair, labels: LabelSpec):
        self._name, self._read = pair.name, check_pair(pair, labels)

    def __getitem__(self, key: str):
        if key == "filename":
            return self._name
        if self._read.faults:
            raise self._read.faults[0]
        return {"image": self._read.image, "label": self._read.mask}[key]

    def __contains__(self, key) -> bool:
        # A mapping's own looks the value up, which may raise.
        return key in tuple(self)

    def __iter__(self) -> Iterator[str]:
        return iter(("image", "label", "filename"))

    def __len__(self) -> int:
        return 3
