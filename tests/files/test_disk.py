"""A full disk, as each library says it, comes out as one error that names the output."""

import errno
import io
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.files import replacing, write_json
from deeplab_tf.files.disk import DiskFull, refusal, writing
from harness.file_limit import largest_file

MOST_BYTES = 4096


@pytest.fixture
def small_files():
    """No file of this process may grow beyond 4 KB, which the system refuses as it does on a full disk."""
    with largest_file(MOST_BYTES):
        yield


def as_text(path):
    path.write_text("x" * 100_000)


def as_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("member", np.random.default_rng(0).bytes(100_000))


def as_png(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)).save(path)


def as_hdf5(path):
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros(100_000)


def as_records(path):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for _ in range(100):
            writer.write(b"x" * 10_000)


def as_saved_model(path):
    module = tf.Module()
    module.weights = tf.Variable(tf.zeros(100_000))
    tf.saved_model.save(module, str(path))


@pytest.mark.parametrize("write", [as_text, as_zip, as_png, as_hdf5, as_records, as_saved_model])
def test_each_library_is_translated_and_the_old_version_stays(tmp_path, small_files, write):
    path = tmp_path / "output.png"
    path.write_text("old")
    with (
        pytest.raises(DiskFull, match=r"output\.png could not be written: .*Make room") as caught,
        replacing(path) as new,
    ):
        write(new)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, OSError)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_message_names_the_disk_and_its_room(tmp_path):
    message = r"x\.json could not be written: no space left on / \(\d+ MB were free\)\. Make"
    with pytest.raises(DiskFull, match=message), writing("/nowhere/x.json"):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "error, number",
    [
        (OSError(errno.EDQUOT, "Disk quota exceeded"), errno.EDQUOT),
        (tf.errors.ResourceExhaustedError(None, None, "a/b; No space left on device"), errno.ENOSPC),
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[8,257,257,3]"), None),
        (RuntimeError("Can't decrement id ref count (errno = 28, error message = 'x')"), errno.ENOSPC),
        (OSError(errno.EACCES, "Permission denied"), None),
        (MemoryError(), None),
    ],
)
def test_what_is_a_disk_and_what_is_memory(error, number):
    assert refusal(error) == number


def fail_twice():
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        io.StringIO("").truncate(-1)


def test_first_error_counts_where_another_follows():
    with pytest.raises(ValueError, match="[Nn]egative") as caught:
        fail_twice()
    assert refusal(caught.value) == errno.ENOSPC


def test_other_errors_pass(tmp_path):
    with pytest.raises(ZeroDivisionError), writing(tmp_path):
        1 / 0  # noqa: B018


def test_error_within_an_error_is_told_once(tmp_path, small_files):
    with pytest.raises(DiskFull, match=r"inner\.json could") as caught, writing(tmp_path / "outer"):
        write_json(tmp_path / "inner.json", "x" * 100_000)
    assert "outer" not in str(caught.value)
