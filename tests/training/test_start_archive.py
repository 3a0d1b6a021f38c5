"""An archive from elsewhere is unpacked once for all that a run asks of it."""

import tarfile

import pytest

import harness.release_variables as release
from deeplab_tf.training import TrainConfig, train
from deeplab_tf.weights import identify
from harness.openings import openings

CLASSES = 6
BEHIND_THE_BACKBONE = {
    "deeplab": release.aspp(160, 0) | release.logits(CLASSES),
    "classifier": release.biased("MobilenetV2/Logits/Conv2d_1c_1x1", 160, 1001),
}


@pytest.fixture(scope="module", params=BEHIND_THE_BACKBONE)
def foreign(request, tmp_path_factory):
    """What the archive holds, and the archive."""
    folder = tmp_path_factory.mktemp(request.param)
    shapes = release.mobilenet_v2(0.5) | BEHIND_THE_BACKBONE[request.param]
    release.write(folder / "model.ckpt", release.random_values(shapes))
    with tarfile.open(folder / "mine.tar.gz", "w:gz", compresslevel=1) as archive:
        for file in folder.glob("model.ckpt.*"):
            archive.add(file, file.name)
    return request.param, folder / "mine.tar.gz"


def test_a_run_unpacks_it_once(foreign, settings, logged):
    kind, path = foreign
    # Refused when the network stands.
    asked = {"weights": str(path), "backbone": None, "depth_multiplier": 0.5, "val_split": "absent"}
    config = TrainConfig(**{**settings, **asked})
    with openings(path) as count, pytest.raises(ValueError, match="absent"):
        train(config)
    assert count() == 1
    assert f"{path}: " in logged.text
    # The head of the classifier's network: pooling, aspp0, projection, each normalised, and the logits.
    assert {"deeplab": "layers loaded, 0 new", "classifier": "layers loaded, 7 new"}[kind] in logged.text


def test_without_a_block_each_question_unpacks_it(foreign):
    kind, path = foreign
    with openings(path) as count:
        source = identify(path)
        assert count() == 0
        assert (source.segments, source.segments) == (kind == "deeplab",) * 2
        assert count() == 2
        with source:
            assert source.network.depth_multiplier == 0.5
            assert source.segments == (kind == "deeplab")
        assert count() == 3
