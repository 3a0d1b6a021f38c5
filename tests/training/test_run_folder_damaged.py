"""A run's settings and state from damaged files: refused with the file's name, whatever is wrong in them."""

import dataclasses
import json
import shutil
import zipfile

import pytest

from deeplab_tf.datasets import open_dataset
from deeplab_tf.training import RunFolder, TrainConfig, resume
from deeplab_tf.training.checkpoint import STATE, VARIABLES, load_state, restore_training, save_checkpoint
from deeplab_tf.training.optimisation.trainer import make_trainer
from deeplab_tf.training.start import build_model
from deeplab_tf.training.state import RunState


@pytest.fixture(scope="module")
def begun(shapes, tmp_path_factory):
    """The folder of a run that was killed before its first step."""
    settings = {
        "backbone": "resnet_18",
        "depth_multiplier": 0.25,
        "atrous_rates": (),
        "crop_size": 33,
        "batch_size": 4,
        "learning_rate": 0.01,
    }
    config = TrainConfig(data=str(shapes), output=str(tmp_path_factory.mktemp("begun") / "run"), **settings)
    dataset, folder = open_dataset(shapes), RunFolder(config.output)
    images = {split: dataset.count(split) for split in dataset.splits}
    folder.write_config(config, {"images": images, "labels": dataset.labels.to_dict()})
    model = build_model(config, dataset.labels)
    save_checkpoint(folder.checkpoint, model, make_trainer(model, config, None), RunState())
    return folder.path


@pytest.fixture
def run(begun, tmp_path):
    return RunFolder(shutil.copytree(begun, tmp_path / "run"))


def changed(member: str, change):
    """Changes one member of a checkpoint."""

    def apply(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members[member] = change(members[member])
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return apply


@pytest.mark.parametrize(
    "text",
    ["{", "[" * 100_000, "9" * 5000, "[]", '{"settings": 5, "resolved": {}}', '{"settings": {}, "resolved": {}}'],
    ids=range(6),
)
def test_damaged_settings(run, text):
    run.config.write_text(text)
    with pytest.raises(ValueError, match=r"config\.json "):
        resume(run.path)


@pytest.mark.parametrize(
    "part, group, value",
    [
        ("settings", "schedule", {"steps": 10**12}),
        ("settings", "schedule", {"learning_rate": 10**400}),
        ("settings", "network", {"model": ["v3"]}),
        ("settings", "data", {"folder": "records", "labels": {"names": 3}}),
        ("settings", "version", 99),
        ("resolved", "labels", None),
        ("resolved", "images", 3),
    ],
)
def test_impossible_settings(run, part, group, value):
    stored = json.loads(run.config.read_text())
    stored[part][group] = value
    run.config.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match=r"config\.json cannot be read as the settings of a training run"):
        resume(run.path)


@pytest.mark.parametrize("part", ["settings", "resolved"])
def test_missing_settings(run, part):
    stored = json.loads(run.config.read_text())
    run.config.write_text(json.dumps({**stored, part: {}}))
    with pytest.raises(ValueError, match=r"config\.json cannot be read as the settings of a training run"):
        resume(run.path)


@pytest.mark.parametrize(
    "state",
    [
        "[" * 100_000,
        "[]",
        '{"step": 1, "colour": 2}',
        json.dumps({**dataclasses.asdict(RunState()), "step": "2"}),
        json.dumps({**dataclasses.asdict(RunState()), "seconds": float("nan")}),
        json.dumps({**dataclasses.asdict(RunState()), "rows": [{"step": 1, "colour": 2}]}),
        json.dumps({**dataclasses.asdict(RunState()), "rows": [{"loss": 1}]}),
        json.dumps({**dataclasses.asdict(RunState()), "rows": 4}),
    ],
    ids=range(8),
)
def test_damaged_state(run, state):
    changed(STATE, lambda content: state.encode())(run.checkpoint)
    with pytest.raises(ValueError, match=r"last\.keras cannot be read as the checkpoint of a run .*run from scratch"):
        load_state(run.checkpoint)


def test_damaged_variables(run):
    model, _ = load_state(run.checkpoint)
    trainer = make_trainer(model, run.read_config(), None)
    restore_training(run.checkpoint, model, trainer)
    for change in (lambda content: content[:300], lambda content: b"junk" + content[4:], lambda content: b""):
        copy = shutil.copy(run.checkpoint, run.path / "copy.keras")
        changed(VARIABLES, change)(copy)
        with pytest.raises(ValueError, match=r"copy\.keras cannot be read as the checkpoint of a run"):
            restore_training(copy, model, trainer)


def test_flipped_bits_of_the_variables_are_noticed(run):
    model, _ = load_state(run.checkpoint)
    trainer = make_trainer(model, run.read_config(), None)
    with zipfile.ZipFile(run.checkpoint) as archive:
        start = archive.getinfo(VARIABLES).header_offset
    content = bytearray(run.checkpoint.read_bytes())
    content[start + 2000] ^= 0x10
    run.checkpoint.write_bytes(content)
    with pytest.raises(ValueError, match=r"last\.keras cannot be read as the checkpoint of a run \(Bad CRC-32"):
        restore_training(run.checkpoint, model, trainer)


def test_stored_labels_without_a_name_can_still_be_told(run, shapes):
    stored = json.loads(run.config.read_text())
    del stored["resolved"]["labels"]["name"]
    run.config.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="began with .* of None"):
        run.check_same_data(open_dataset(shapes))
