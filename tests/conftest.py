"""What the tests share: the folder of released weights and real images, and quiet TensorFlow."""

import gc
import logging
import os
import signal
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

# Before any test imports TensorFlow, so that all run with the kernels that the package chooses.
import deeplab_tf  # noqa: F401

SHARED = Path(__file__).resolve().parents[2] / "shared"
# Of few tests that take long: begun last, one process would be at them while the others have nothing to do.
BEGUN_FIRST = (
    "docs/test_training_with_keras.py", "training/test_run_workers.py", "models/test_keras_state.py",
    "models/test_every_model.py", "notebooks/", "demo/", "training/test_run_interrupted.py",
    "training/test_run_resumed.py", "training/test_stages.py",
)  # fmt: skip


# Tracing a network makes so many objects that Python looks for garbage all the time.
gc.set_threshold(50_000, 20, 20)

# A shell that starts the tests in the background has them ignore Ctrl-C, which tests of interrupts send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of released weights and real images beside the checkout."""
    return SHARED


@pytest.fixture(scope="session")
def tiny_exports(tmp_path_factory):
    """A small model made for images of 65x65, and its files: exports take longer than most tests."""
    # Here, so that tests without a network start without TensorFlow.
    from harness.tiny_exports import export_tiny_model

    return export_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def progress_as_before():
    """Examples of docstrings switch progress off, in a process that goes on to other tests."""
    from deeplab_tf import progress

    with progress.show(progress.is_shown()):
        yield


@pytest.fixture
def logged(caplog):
    """What the library logs, from INFO up."""
    caplog.set_level(logging.INFO, "deeplab_tf")
    return caplog


def pytest_configure(config):
    # pytest-xdist 3.7 and later would begin the files of many tests first.
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(BEGUN_FIRST))
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"{SHARED} is not there: no released weights and real images to test with")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shapes(tmp_path_factory) -> Path:
    """12 training and 4 validation images of 6 classes, 48 to 72 pixels a side."""
    from deeplab_tf.datasets import convert_folder, draw_shapes

    folder = draw_shapes(tmp_path_factory.mktemp("shapes") / "drawn", 16, size=(48, 72))
    records = folder.parent / "records"
    names = folder / "class_names.txt"
    convert_folder(folder / "images", folder / "masks", records, class_names=names, val_share=0.25, shards=2)
    return records
