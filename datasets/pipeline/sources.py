"""Where training and evaluation images come from: TFRecords, a TFDS builder, or the caller's own `tf.data`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.records.damage import check_split, explained_data
from deeplab_tf.datasets.records.dataset import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.datasets.records.record import decode_image, decode_label, parse
from deeplab_tf.labels import LabelSpec, label_spec

SHARDS_MIXED = 16
# Encoded images are a tenth of their pixels.
ENCODED_BUFFER, DECODED_BUFFER = 1000, 100


@dataclasses.dataclass(frozen=True)
class Source:
    """Images and their labels as the pipeline reads them.

    Args:
        name: What the user knows it by.
        labels: What the label ids mean.
        count: Number of images of an epoch; None where nobody knows.
        ordered: The numbered elements in the source's own order, once.
        epoch: The same elements in the order of one epoch, given its key, int64 `[2]`.
        decode: Makes an element a dictionary of `image`, uint8 `[H, W, 3]`, `label`, an integer `[H, W]` (where
            the source has labels), and `filename`, a string.
        shuffle_buffer: Number of elements that may well be held in memory.
        labelled: Whether there are labels.
        filename: The `filename` of an element, without decoding it where that can be.
        file: The path of an element's image, a string, where it has a file of its own.
    """

    name: str
    labels: LabelSpec
    count: int | None
    ordered: Callable[[], tf.data.Dataset]
    epoch: Callable[[tf.Tensor], tf.data.Dataset]
    decode: Callable[[Any], dict[str, tf.Tensor]]
    shuffle_buffer: int
    labelled: bool
    filename: Callable[[Any], tf.Tensor]
    file: Callable[[Any], tf.Tensor] | None = None


def open_source(
    dataset,
    split: str | None,
    labels: LabelSpec | Mapping | str | int | None,
    *,
    default: str,
    labelled: bool = False,
    once: bool = False,
) -> Source:
    """A source of whatever the pipeline takes.

    Args:
        dataset: A `DataSet`, a TFDS builder, or a `tf.data.Dataset`.
        split: Which part of a `DataSet` or builder; a `tf.data.Dataset` has none.
        labels: What the label ids mean, or what `label_spec` takes for it, where the data do not say.
        default: The split to take when `split` is None.
        labelled: Whether there must be labels. Of TFRecords it is then taken for granted, and reading tells;
            otherwise the first record does.
        once: Whether it is going to be read to its end.

    Raises:
        TypeError: If `dataset` is none of these.
        ValueError: If split or labels do not fit it, its elements are no images, or lack labels, or it has no end where
            it needs one.
    """
    if isinstance(dataset, DataSet):
        return _of_records(dataset, split or default, labels, labelled)
    if isinstance(dataset, ImageData):
        _check_same(labels, dataset)
        return dataset.source(split or default, labelled)
    if isinstance(dataset, tf.data.Dataset):
        if split is not None:
            raise ValueError(
                f"A tf.data.Dataset has no splits; received split={split!r}. Give the data set of the split."
            )
        if labels is None:
            raise ValueError(
                "A tf.data.Dataset does not say what its label ids mean; received labels=None. Give a LabelSpec, the "
                "name of a known one such as 'pascal_voc', or the number of classes."
            )
        if once:
            refuse_endless(dataset)
        return _of_elements(dataset, label_spec(labels), "The tf.data.Dataset", labelled)
    if hasattr(dataset, "as_dataset") and hasattr(dataset, "info"):
        return _of_builder(dataset, split or default, labels, labelled)
    raise TypeError(
        f"Expected a DataSet of open_dataset, a TFDS builder, or a tf.data.Dataset; received {type(dataset).__name__}. "
        "Give open_dataset(folder) for a folder."
    )


def refuse_endless(data: tf.data.Dataset) -> None:
    """Raises `ValueError` where a `tf.data.Dataset` says that it has no end; of some, nobody knows."""
    if int(data.cardinality()) == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "The tf.data.Dataset has no end, as repeat() makes it; expected one that can be read once. Leave the "
            "repeat out, or take(n) of it."
        )


def _check_same(labels, dataset: DataSet | ImageData) -> None:
    if labels is not None and label_spec(labels) != dataset.labels:
        raise ValueError(
            f"{dataset.path} brings its labels, {dataset.labels.classes} classes of {dataset.labels.name!r}; received "
            "others. Leave the labels out."
        )


def _of_records(dataset: DataSet, split: str, labels, labelled: bool) -> Source:
    _check_same(labels, dataset)
    counts = check_split(dataset, split)
    if not dataset.count(split):
        raise ValueError(f"{dataset.path} has no images in split {split!r}. Convert the split again.")
    files = tf.constant([os.fsencode(path) for path in dataset.files(split)])
    firsts = tf.constant(np.cumsum([0, *counts[:-1]]), tf.int64)

    def shard(file: tf.Tensor, first: tf.Tensor) -> tf.data.Dataset:
        return tf.data.TFRecordDataset(file).enumerate(first)

    def epoch(key: tf.Tensor) -> tf.data.Dataset:
        return interleaved(shard, (files, firsts), key)

    def ordered() -> tf.data.Dataset:
        return tf.data.TFRecordDataset([os.fsencode(path) for path in dataset.files(split)]).enumerate()

    if not labelled:
        with explained_data(dataset, split):
            labelled = all(bool(parse(record)["label"] != b"") for _, record in ordered().take(1))

    def decode(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        fields = parse(serialized)
        image = decode_image(fields["image"])
        if not labelled:
            return {"image": image, "filename": fields["filename"]}
        image, label = of_one_size(image, decode_label(fields["label"], tf.as_dtype(dataset.labels.mask_dtype)))
        return {"image": image, "label": label, "filename": fields["filename"]}

    return Source(
        f"split {split!r} of {dataset.path}", dataset.labels, dataset.count(split), ordered, epoch, decode,
        ENCODED_BUFFER, labelled, lambda serialized: parse(serialized)["filename"],
    )  # fmt: skip


def interleaved(
    shard: Callable[..., tf.data.Dataset], arguments: Sequence[tf.Tensor], key: tf.Tensor
) -> tf.data.Dataset:
    """The elements of all shards, several of which are read in turn; `key` decides the shards' order.

    Args:
        shard: Makes the elements of a shard from its arguments.
        arguments: The arguments of all shards, tensors whose first axis is the shards.
        key: int64 `[2]`.
    """
    count = len(arguments[0])
    order = tf.random.experimental.stateless_shuffle(tf.range(count), key)
    shards = tf.data.Dataset.from_tensor_slices(tuple(tf.gather(values, order) for values in arguments))
    return shards.interleave(shard, cycle_length=min(count, SHARDS_MIXED))


def _of_builder(builder, split: str, labels, labelled: bool) -> Source:
    name = f"split {split!r} of the TFDS data set {builder.info.full_name}"
    if split not in builder.info.splits:
        known = sorted(builder.info.splits) or "none: call download_and_prepare first"
        raise ValueError(f"There is no {name}; there are {known}. Name one of them.")
    told = (builder.info.metadata or {}).get("labels")
    if labels is None and told is None:
        raise ValueError(f"The {name} does not say what its label ids mean. Give labels, see LabelSpec.")
    # Whoever has a builder has the library.
    import tensorflow_datasets as tfds

    features, decoders = builder.info.features, None
    if "image" in features and isinstance(features["image"], tfds.features.Image):
        # TFDS decodes JPEG the quick way, some values of which are off by ten and more.
        decoders = {"image": tfds.decode.SkipDecoding()}
    data = builder.as_dataset(split=split, shuffle_files=False, decoders=decoders)
    if decoders:
        data = data.map(
            lambda element: {**element, "image": decode_image(element["image"])},
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
    return _of_elements(data, label_spec(told if labels is None else labels), name, labelled)


def _of_elements(data: tf.data.Dataset, labels: LabelSpec, name: str, labelled: bool) -> Source:
    parts = _parts(data.element_spec, name)
    if labelled and "label" not in parts(data.element_spec):
        raise ValueError(f"{name} has images without labels. Give elements that have them.")
    count = int(data.cardinality())
    if count == 0 or (count == tf.data.UNKNOWN_CARDINALITY and not any(True for _ in data.take(1))):
        raise ValueError(f"{name} is empty. Check its files and filters.")

    def example(number: tf.Tensor, element) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        found = parts(element)
        found.setdefault("filename", tf.strings.join(["image ", tf.strings.as_string(number)]))
        if "label" not in found:
            return number, found
        label = found["label"][..., 0] if found["label"].shape.rank == 3 else found["label"]
        image, label = of_one_size(found["image"], _known(tf.cast(label, tf.int32), labels, found["filename"]))
        return number, {**found, "image": image, "label": label}

    def ordered() -> tf.data.Dataset:
        return data.enumerate().map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    return Source(
        name, labels, count if count > 0 else None, ordered, lambda key: ordered(), lambda found: found,
        DECODED_BUFFER, "label" in parts(data.element_spec), lambda found: found["filename"],
    )  # fmt: skip


def _parts(spec, name: str) -> Callable[[Any], dict[str, Any]]:
    """What takes image, label and file name out of an element; checks that the elements have them."""
    if isinstance(spec, dict):
        wanted = [key for key in ("image", "label", "filename") if key in spec]
    else:
        wanted = [0, 1] if isinstance(spec, tuple) and len(spec) == 2 else []
    if not {"image", 0} & set(wanted):
        held = f"a dictionary of {sorted(spec)}" if isinstance(spec, dict) else f"{spec}"
        raise ValueError(
            f"{name}: expected pairs (image, label), or dictionaries with 'image', 'label' and perhaps 'filename'; "
            f"received {held}. Map the elements to such, for instance "
            "data.map(lambda e: (e['image'], e['segmentation_mask']))."
        )
    names = dict(zip(wanted, wanted if isinstance(spec, dict) else ("image", "label")))

    def parts(element) -> dict[str, Any]:
        return {names[key]: element[key] for key in wanted}

    _check_specs(parts(spec), name)
    return parts


def _check_specs(found: Mapping[str, tf.TensorSpec], name: str) -> None:
    image = found["image"]
    if getattr(getattr(image, "shape", None), "rank", None) == 4:
        raise ValueError(f"{name} is batched; received images {image.shape.as_list()}. Call unbatch() on it.")
    if not isinstance(image, tf.TensorSpec) or image.dtype != tf.uint8 or image.shape.rank != 3 or image.shape[-1] != 3:
        raise ValueError(
            f"{name}: expected images uint8 [H, W, 3], RGB 0-255; received {_said(image)}. For floats in 0-1 take "
            "tf.image.convert_image_dtype(image, tf.uint8), for grey images tf.image.grayscale_to_rgb; set_shape tells "
            "a shape that TensorFlow does not know."
        )
    label = found.get("label")
    valid = isinstance(label, tf.TensorSpec) and label.dtype.is_integer
    if label is not None and not (
        valid and (label.shape.rank == 2 or (label.shape.rank == 3 and label.shape[-1] == 1))
    ):
        raise ValueError(
            f"{name}: expected labels of an integer type, [H, W] or [H, W, 1], a class id a pixel; received "
            f"{_said(label)}. Cast them, take the argmax of one-hot ones, or tell the shape by set_shape."
        )


def _said(spec) -> str:
    if not isinstance(spec, tf.TensorSpec):
        return str(spec)
    return f"{spec.dtype.name} {'of unknown shape' if spec.shape.rank is None else spec.shape.as_list()}"


def _known(label: tf.Tensor, labels: LabelSpec, filename: tf.Tensor) -> tf.Tensor:
    """`label`, after making sure that it holds class ids and the ignore label only."""
    valid = ((label >= 0) & (label < labels.classes)) | (label == labels.ignore_label)
    remedy = (
        f"expected class ids 0-{labels.classes - 1} or {labels.ignore_label} (ignore). Map them or give other labels; "
        "of a palette PNG tf.io.decode_png makes grey values, deeplab_tf.images.read_mask gives the ids"
    )
    wrong = tf.reduce_max(tf.where(valid, -1, label))
    said = [filename, "holds the label", wrong, remedy]
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(valid), said)]):
        return tf.identity(label)


def of_one_size(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The two, after making sure that they have one height and width."""
    with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(image)[:2], tf.shape(label))]):
        return tf.identity(image), tf.identity(label)
