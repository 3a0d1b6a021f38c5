"""Files that earlier code wrote are read, and a run that it began is taken up."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import evaluate
from deeplab_tf.training import resume

ARCHIVE = Path(__file__).resolve().parent / "earlier_files" / "earlier.tar.xz"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_model(earlier):
    model, expected = load_model(earlier / "model.keras"), np.load(earlier / "expected.npz")
    assert (type(model).__name__, model.labels.name, model.crop_size) == ("DeepLabV3Plus", "camvid", [33, 33])
    logits = model(expected["image"][None].astype(np.float32)).numpy()[0]
    np.testing.assert_allclose(logits, expected["logits"], atol=1e-4 * np.abs(expected["logits"]).max())


def test_records(earlier):
    dataset = open_dataset(earlier / "records")
    assert {split: dataset.count(split) for split in dataset.splits} == {"train": 8, "val": 2}
    assert evaluate(earlier / "run", evaluation_images(dataset, "val")).images == 2


def test_run_is_resumed(earlier):
    result = resume(earlier / "run", data=str(earlier / "records"))
    assert result.step == 6
    steps = [line.split(",")[0] for line in (earlier / "run" / "log.csv").read_text().splitlines()[1:]]
    assert steps[0] == "1"
    assert steps[-1] == "6"
    assert len(set(steps)) == len(steps)
    assert load_model(earlier / "run").classes == 6
