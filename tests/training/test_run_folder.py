"""Which folders a run may use, and what it deletes there."""

import pytest

from deeplab_tf.datasets import Augmentation, open_dataset
from deeplab_tf.training import RunFolder, TrainConfig


@pytest.fixture
def folder(config) -> RunFolder:
    """The folder of a run that has begun."""
    run = RunFolder(config.output)
    labels = open_dataset(config.data.folder).labels.to_dict()
    run.write_config(config, {"images": {"train": 12, "val": 4}, "labels": labels})
    return run


def test_new_and_empty_folders_are_free(tmp_path):
    RunFolder(tmp_path / "new").check_free(overwrite=False)
    (tmp_path / ".hidden").write_text("")
    RunFolder(tmp_path).check_free(overwrite=False)


def test_a_run_is_not_replaced_unasked(folder):
    with pytest.raises(ValueError, match=r"run holds a run already. Go on .* --resume, replace it by --overwrite"):
        folder.check_free(overwrite=False)
    folder.check_free(overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_other_things_is_never_taken(tmp_path, overwrite):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match=r"not a run folder and not empty: it holds thesis\.tex"):
        RunFolder(tmp_path).check_free(overwrite)
    (tmp_path / "config.json").write_text('{"some": "other program"}')
    with pytest.raises(ValueError, match=r"config\.json is not that of a training run"):
        RunFolder(tmp_path).check_free(overwrite)


def test_clearing_leaves_what_the_run_did_not_write(folder):
    (folder.path / "notes.txt").write_text("mine")
    folder.model.write_text("")
    folder.tensorboard.mkdir()
    folder.clear()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


def test_settings_read_back(folder, config):
    assert folder.read_config() == config
    assert folder.resumed_config({}) == config


def test_a_moved_folder_and_moved_data_resume(folder, config, tmp_path):
    folder.path.rename(tmp_path / "moved")
    again = RunFolder(tmp_path / "moved").resumed_config({"data": "elsewhere", "steps": config.steps})
    assert (again.data.folder, again.output) == ("elsewhere", str(tmp_path / "moved"))


def test_other_settings_do_not_resume(folder):
    with pytest.raises(ValueError, match=r"but steps was 2 and is 9, learning_rate was None and is 1\. Leave"):
        folder.resumed_config({"steps": 9, "learning_rate": 1, "batch_size": 4})
    with pytest.raises(ValueError, match=r"but rotate was 0\.0 and is 5\. Leave"):
        folder.resumed_config({"augmentation": Augmentation(rotate=5)})


def test_nothing_to_resume(tmp_path):
    with pytest.raises(
        ValueError, match=r"^\S+ holds no run: there is no \S+config\.json\. Start one without --resume\.$"
    ):
        RunFolder(tmp_path).resumed_config({})


def test_other_data_do_not_resume(folder, config):
    dataset = open_dataset(config.data.folder)
    folder.check_same_data(dataset)
    began = {"images": {"train": 13, "val": 4}, "labels": dataset.labels.to_dict()}
    folder.write_config(TrainConfig(data="x", output="y"), began)
    with pytest.raises(ValueError, match=r"has \{'train': 12, 'val': 4\} images .* began with \{'train': 13"):
        folder.check_same_data(dataset)
