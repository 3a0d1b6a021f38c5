import itertools

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets import DataSet, evaluation_images, training_batches
from deeplab_tf.datasets.pipeline.sources import open_source
from deeplab_tf.datasets.pipeline.stream import example_stream
from deeplab_tf.datasets.records.dataset import Split
from deeplab_tf.datasets.records.record import Record, parse, serialize
from deeplab_tf.labels import LabelSpec

CROP = (33, 47)


def batches(dataset, count, **options):
    data = training_batches(dataset, **({"batch_size": 3, "crop_size": CROP, "seed": 5} | options))
    return list(data.take(count).as_numpy_iterator())


def assert_same(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.fixture(scope="module")
def unbroken(tiny):
    return batches(tiny, 12)


def test_batches_are_static_and_typed(tiny):
    image, label = training_batches(tiny, batch_size=3, crop_size=CROP).element_spec
    assert (image.shape, image.dtype) == ((3, *CROP, 3), tf.float32)
    assert (label.shape, label.dtype) == ((3, *CROP), tf.int32)


def test_values_are_those_of_images_and_classes(unbroken):
    images, labels = (np.stack(part) for part in zip(*unbroken))
    assert images.min() >= 0
    assert 200 < images.max() <= 255
    assert set(np.unique(labels)) == {0, 1, 2, 255}


@pytest.mark.parametrize("step", [1, 2, 3, 7, 11])
def test_resumed_stream_is_bit_for_bit_the_unbroken_one(tiny, unbroken, step):
    # Seven images in batches of three: batches 2, 4, 6, ... span two epochs.
    assert_same(batches(tiny, 12 - step, start_step=step), unbroken[step:])


def test_a_small_shuffle_buffer_resumes_too(tiny):
    assert_same(batches(tiny, 4, shuffle_buffer=2, start_step=5), batches(tiny, 9, shuffle_buffer=2)[5:])


def test_global_seed_and_threads_do_not_matter(tiny, unbroken):
    for threads, seed in ((1, 0), (7, 123)):
        tf.random.set_seed(seed)
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        data = training_batches(tiny, batch_size=3, crop_size=CROP, seed=5).with_options(options)
        assert_same(list(data.take(12).as_numpy_iterator()), unbroken)


def test_other_seed_other_data(tiny, unbroken):
    assert any((one[0] != other[0]).any() for one, other in zip(batches(tiny, 12, seed=6), unbroken))


def test_every_epoch_has_every_image_once_in_its_own_order(tiny):
    source = open_source(tiny, "train", None, default="train")
    stream = example_stream(source, seed=1, start=0, shuffle_buffer=100)
    indices, names = zip(*((int(index), parse(record)["filename"].numpy()) for index, record in stream.take(70)))
    assert indices == tuple(range(70))
    epochs = [names[first : first + 7] for first in range(0, 70, 7)]
    assert all(sorted(epoch) == sorted(epochs[0]) and len(set(epoch)) == 7 for epoch in epochs)
    assert len(set(epochs)) > 7
    assert len({epoch[0] for epoch in epochs}) > 2


def test_same_image_is_augmented_anew_in_every_epoch(tiny):
    first, second = itertools.islice(
        zip(*[iter(batches(tiny, 14, batch_size=1, shuffle_buffer=1, crop_size=(25, 25)))] * 7), 2
    )
    assert all((one[0] != other[0]).any() for one, other in zip(first, second))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 0}, "batch_size must be a whole number above 0"),
        ({"start_step": -1}, "start_step must be a whole number from 0 up"),
        ({"shuffle_buffer": 0}, "shuffle_buffer"),
        ({"crop_size": (1, 33)}, "crop_size"),
        ({"split": "val"}, r"no split 'val'; it has \['train'\]"),
    ],
)
def test_bad_arguments(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        batches(tiny, 1, **options)


def test_evaluation_gives_every_image_once_at_its_size(tiny):
    source = tiny.path.parent
    examples = list(evaluation_images(tiny, "train").as_numpy_iterator())
    assert [example["filename"].decode() for example in examples] == [str(index) for index in range(7)]
    for index, example in enumerate(examples):
        assert (example["image"].dtype, example["label"].dtype) == (np.uint8, np.uint8)
        np.testing.assert_array_equal(example["image"], np.asarray(Image.open(source / "images" / f"{index}.png")))
        np.testing.assert_array_equal(example["label"], np.asarray(Image.open(source / "masks" / f"{index}.png")))


def test_split_without_masks_is_read_without_labels(tmp_path):
    pixels = np.full((5, 6, 3), 9, np.uint8)
    with tf.io.TFRecordWriter(str(tmp_path / "test-00000-of-00001.tfrecord")) as writer:
        writer.write(serialize(Record("x", tf.io.encode_png(pixels).numpy(), "png", 5, 6)))
    dataset = DataSet(tmp_path, LabelSpec(("a", "b")), {"test": Split(1, 1)})
    (example,) = evaluation_images(dataset, "test").as_numpy_iterator()
    assert example.keys() == {"image", "filename"}
    np.testing.assert_array_equal(example["image"], pixels)


def test_empty_split_is_refused(tmp_path):
    (tmp_path / "train-00000-of-00001.tfrecord").touch()
    with pytest.raises(ValueError, match="no images in split 'train'"):
        training_batches(DataSet(tmp_path, LabelSpec(("a", "b")), {"train": Split(0, 1)}), batch_size=1)


def test_the_parts_of_workers_are_the_rows_of_the_batch(tiny, unbroken):
    parts = [batches(tiny, 12 - 5, part=(number, 3), start_step=5) for number in range(3)]
    assert_same([tuple(map(np.concatenate, zip(*each))) for each in zip(*parts)], unbroken[5:])


@pytest.mark.parametrize("part", [(3, 3), (0, 2), (0, 0), (0,), "a"])
def test_parts_that_there_are_not_are_refused(tiny, part):
    with pytest.raises(ValueError, match="part must be"):
        training_batches(tiny, batch_size=3, part=part)


def test_no_thread_of_tensorflow_tunes_the_pipeline(tiny):
    # It sleeps for up to a minute, for which a command that has ended would wait.
    for data in (training_batches(tiny, batch_size=3, crop_size=CROP), evaluation_images(tiny, "train")):
        assert data.options().autotune.enabled is False
