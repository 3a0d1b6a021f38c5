"""The pipeline over a caller's own `tf.data`: the same as over TFRecords, or an error that says what to change."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets import Augmentation, evaluation_images, training_batches
from deeplab_tf.datasets.pipeline.class_counts import count_classes
from deeplab_tf.labels import LabelSpec

LABELS = LabelSpec(("a", "b", "c"))


def arrays(count=7):
    draw = np.random.default_rng(1)
    for index in range(count):
        size = 30 + 3 * index, 50 - 2 * index
        label = draw.integers(0, 4, size)
        yield draw.integers(0, 256, (*size, 3), dtype=np.uint8), np.where(label == 3, 255, label).astype(np.uint8)


def pairs(count=7, known=True):
    specs = (tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((None, None), tf.uint8))
    data = tf.data.Dataset.from_generator(lambda: arrays(count), output_signature=specs)
    return data.apply(tf.data.experimental.assert_cardinality(count)) if known else data


def batches(data, count, **options):
    options = {"batch_size": 3, "crop_size": (33, 31), "seed": 5, "labels": LABELS} | options
    return list(training_batches(data, **options).take(count).as_numpy_iterator())


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


FORMS = {
    "dictionary": lambda image, label: {"image": image, "label": label, "id": 1},
    "channel": lambda image, label: (image, label[..., None]),
    "int64": lambda image, label: (image, tf.cast(label, tf.int64)),
    "named": lambda image, label: {"image": image, "label": label, "filename": "x"},
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_elements_are_the_same_images(form):
    found = evaluation_images(pairs(2).map(FORMS[form]), labels=LABELS).as_numpy_iterator()
    for (image, label), example in zip(arrays(2), found, strict=True):
        np.testing.assert_array_equal(example["image"], image)
        np.testing.assert_array_equal(example["label"], label)
        assert example["label"].dtype == np.int32


@pytest.mark.parametrize("known", [True, False])
def test_a_later_start_continues_the_stream(known):
    assert_same(batches(pairs(known=known), 3, start_step=4), batches(pairs(known=known), 7)[4:])


def test_every_image_comes_once_an_epoch_in_another_order():
    whole = Augmentation(min_scale=1.0, max_scale=1.0, flip=False)
    plain = {"batch_size": 1, "crop_size": (30, 38), "augmentation": whole}
    large = pairs().map(lambda image, label: (tf.image.resize_with_crop_or_pad(image, 30, 38), label[:30, :38]))
    sums = [int(images.sum()) for images, _ in batches(large, 21, **plain)]
    epochs = [sums[:7], sums[7:14], sums[14:]]
    assert all(sorted(epoch) == sorted(epochs[0]) and len(set(epoch)) == 7 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_evaluation_reads_all_at_their_sizes():
    found = list(evaluation_images(pairs(), labels=LABELS).as_numpy_iterator())
    for (image, label), example in zip(arrays(), found, strict=True):
        np.testing.assert_array_equal(example["image"], image)
        np.testing.assert_array_equal(example["label"], label)
    assert [example["filename"] for example in found[:2]] == [b"image 0", b"image 1"]
    bare = pairs().map(lambda image, label: {"image": image})
    assert set(evaluation_images(bare, labels=3).element_spec) == {"image", "filename"}


def test_classes_are_counted_as_by_numpy():
    masks = [label for _, label in arrays()]
    masks[2][masks[2] == 1] = 0
    data = tf.data.Dataset.from_generator(
        lambda: ((np.zeros((*mask.shape, 3), np.uint8), mask) for mask in masks), output_signature=pairs().element_spec
    )
    counts = count_classes(data, labels=LABELS)
    has = np.array([[(mask == index).any() for index in range(3)] for mask in masks])
    np.testing.assert_array_equal(counts.present, has)
    np.testing.assert_array_equal(counts.pixels, [sum((mask == index).sum() for mask in masks) for index in range(3)])
    sizes = np.array([mask.size for mask in masks])
    np.testing.assert_array_equal(counts.image_pixels, has.T @ sizes)
    # Class 1 is in six of seven images: a third of the draws fall evenly on those.
    np.testing.assert_allclose(counts.image_weights(), [2 / 21 + (index != 2) / 18 for index in range(7)])


def fixed(image, label):
    return tf.data.Dataset.from_tensors((image, label))


IMAGE, MASK = np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8)


@pytest.mark.parametrize(
    "data, message",
    [
        (fixed(IMAGE / 255, MASK), r"images uint8 \[H, W, 3\].*received float64 \[9, 9, 3\].*convert_image_dtype"),
        (fixed(IMAGE[..., :1], MASK), r"received uint8 \[9, 9, 1\].*grayscale_to_rgb"),
        (fixed(IMAGE, MASK).batch(1), r"is batched; received images \[None, 9, 9, 3\]. Call unbatch\(\)"),
        (fixed(IMAGE, MASK / 1.0), r"labels of an integer type.*received float64 \[9, 9\]"),
        (fixed(IMAGE, IMAGE), r"labels of an integer type.*received uint8 \[9, 9, 3\].*argmax"),
        (tf.data.Dataset.from_tensors(IMAGE), r"expected pairs \(image, label\).*received TensorSpec"),
        (fixed(IMAGE, MASK).map(lambda image, label: (image, label, 1)), r"expected pairs.*received \(TensorSpec"),
        (
            fixed(IMAGE, MASK).map(lambda image, label: {"image": image, "mask": label}),
            "has images without labels. Give elements that have them",
        ),
        (
            fixed(IMAGE, MASK).map(lambda image, label: {"picture": image, "mask": label}),
            r"received a dictionary of \['mask', 'picture'\]. Map the elements",
        ),
        (fixed(IMAGE, MASK).take(0), "is empty. Check its files"),
        (fixed(IMAGE, MASK).filter(lambda *_: False), "is empty. Check its files"),
        (tf.data.Dataset.from_generator(arrays, output_types=(tf.uint8, tf.uint8)), "of unknown shape.*set_shape"),
    ],
)
def test_other_elements_are_refused(data, message):
    with pytest.raises(ValueError, match=rf"^The tf.data.Dataset.*{message}"):
        batches(data, 1)


@pytest.mark.parametrize("value", [3, 254])
def test_a_label_that_is_no_class_is_named_in_reading(value):
    data = fixed(IMAGE, np.full((9, 9), value, np.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"image 0.*label\] \[{value}\].*0-2 or 255 \(ignore\)"):
        batches(data, 1)


def test_image_and_label_of_two_sizes_are_refused_in_reading():
    with pytest.raises(tf.errors.InvalidArgumentError):
        batches(fixed(IMAGE, MASK[1:]), 1)


@pytest.mark.parametrize(
    "data, options, kind, message",
    [
        (pairs(), {"labels": None}, ValueError, "does not say what its label ids mean"),
        (pairs(), {"split": "val"}, ValueError, r"has no splits; received split='val'"),
        ("records", {}, TypeError, r"received str. Give open_dataset\(folder\)"),
        ([1], {}, TypeError, "received list"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(data, options, kind, message):
    with pytest.raises(kind, match=message):
        batches(data, 1, **options)


def test_records_bring_their_labels(tiny):
    with pytest.raises(ValueError, match=r"brings its labels, 3 classes of 'custom'; received others. Leave"):
        batches(tiny, 1, labels="camvid")
    assert training_batches(tiny, labels=tiny.labels, batch_size=2).element_spec[0].shape == (2, 257, 257, 3)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("read", [evaluation_images, count_classes])
def test_what_has_no_end_is_not_read_to_its_end(read, known):
    with pytest.raises(ValueError, match=r"has no end, as repeat\(\) makes it; .* take\(n\)"):
        read(pairs(known=known).repeat(), labels=LABELS)
    assert read(pairs(known=known).repeat().take(5), labels=LABELS)


def test_training_batches_say_that_they_have_no_end():
    endless = training_batches(pairs(), batch_size=3, labels=LABELS)
    assert int(endless.cardinality()) == tf.data.INFINITE_CARDINALITY
