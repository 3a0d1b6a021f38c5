"""Input that a run cannot or can hardly learn from: what is wrong is told, and what was learned stays."""

import contextlib
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from deeplab_tf import load_model
from deeplab_tf.datasets import convert_folder, open_dataset
from deeplab_tf.training import RunFolder, TrainConfig, resume, train
from deeplab_tf.training.checkpoint import load_state
from deeplab_tf.training.data import warn_of_no_labels
from harness.file_limit import largest_file


def test_a_full_disk_at_a_checkpoint_leaves_the_last_one_which_resumes(light):
    config = TrainConfig(**{**light, "steps": 4, "eval_every": 2})
    folder, full = RunFolder(config.output), contextlib.ExitStack()

    def fill(epoch, logs):
        # After the best model is kept, and before the checkpoint is.
        if epoch == 1:
            full.enter_context(largest_file(4096))

    with full, pytest.raises(ValueError, match=r"last\.keras could not be written: .*Make room"):
        train(config, [keras.callbacks.LambdaCallback(on_epoch_end=fill)])
    assert load_state(folder.checkpoint)[1].step == 2
    assert resume(config.output).step == 4


@pytest.fixture(scope="module")
def run(shapes, light_network, tmp_path_factory):
    """A run of two steps, of masks of which nothing but the images to validate on has labelled pixels."""
    root = tmp_path_factory.mktemp("unlabelled")
    drawn = shutil.copytree(shapes.parent / "drawn", root / "drawn")
    names = drawn / "class_names.txt"
    convert_folder(drawn / "images", drawn / "masks", root / "records", class_names=names, split="val", workers=1)
    for path in (drawn / "masks").iterdir():
        with Image.open(path) as mask:
            size = mask.size
        Image.new("L", size, 255).save(path)
    convert_folder(drawn / "images", drawn / "masks", root / "records", class_names=names, split="train", workers=1)
    return train(TrainConfig(**light_network, data=str(root / "records"), output=str(root / "run"), steps=2))


def test_crops_of_ignored_pixels_only_teach_nothing_and_spoil_nothing(run):
    state = load_state(RunFolder(run.output).checkpoint)[1]
    # Nothing but the weight decay.
    assert 0 < state.rows[-1]["loss"] < 0.05
    assert all(np.isfinite(weight).all() for weight in load_model(run.output).get_weights())


def test_masks_without_a_labelled_pixel_are_told(run, logged):
    config = RunFolder(run.output).read_config()
    dataset = open_dataset(config.data.folder)
    warn_of_no_labels(config, dataset)
    (said,) = logged.messages
    assert "split 'train' of" in said
    assert "no mask has a labelled pixel, only 255 (ignore). Training learns nothing from them." in said


def test_the_checkpoint_of_another_model_is_refused(run, light, tmp_path):
    folder = RunFolder(shutil.copytree(run.output, tmp_path / "copy"))
    model = load_state(folder.checkpoint)[0]
    folder.check_same_model(model)
    for changes, said in (
        ({"backbone": "resnet_18"}, "it has backbone 'resnet_18' instead of 'vgg_16'"),
        ({"depth_multiplier": 1 / 16}, "it has depth_multiplier 0.0625 instead of 0.03125"),
    ):
        other = type(model)(**{**model.settings, **changes})
        with pytest.raises(ValueError, match=rf"last\.keras is not of the run that .*config\.json .*{said}.*--weights"):
            folder.check_same_model(other)


def test_data_of_other_classes_do_not_resume(run, shapes, tmp_path):
    folder = RunFolder(shutil.copytree(run.output, tmp_path / "copy"))
    drawn = shapes.parent / "drawn"
    for split in ("train", "val"):
        convert_folder(drawn / "images", drawn / "masks", tmp_path / "data", labels=8, split=split, workers=1)
    assert open_dataset(tmp_path / "data").labels.classes == 8
    with pytest.raises(ValueError, match=r"data has \{.*\} images of .*by .*config\.json the run began with"):
        resume(folder.path, data=str(tmp_path / "data"))
