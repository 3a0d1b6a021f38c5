"""A search to its end, killed and gone on with, and what it refuses."""

import csv
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from deeplab_tf import AutoDeepLab, nas
from deeplab_tf.cli import main
from deeplab_tf.nas import SEARCHES, genotype, search, search_settings
from deeplab_tf.nas.search_folder import SearchFolder
from harness.board_events import steps_of
from harness.tiny_search import TINY, arrays_of, state_of

# Killed by itself, so that no busy machine is late for it.
KILLED = """
import json, os, signal, sys
from deeplab_tf.nas import search, search_settings
from deeplab_tf.nas.search_folder import SearchFolder
save = SearchFolder.save
def killed_before_its_second_step_of_the_architecture_is_saved(folder, state, variables):
    if state.epoch == 1 and state.step == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    save(folder, state, variables)
SearchFolder.save = killed_before_its_second_step_of_the_architecture_is_saved
search(search_settings(**json.loads(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def settings(shapes):
    return {**TINY, "data": str(shapes)}


@pytest.fixture(scope="module")
def searches(settings, tmp_path_factory):
    """Two searches of the same settings: one undisturbed, one killed between two checkpoints and gone on with."""
    folder = tmp_path_factory.mktemp("searches")
    whole, cut = ({**settings, "output": str(folder / name)} for name in ("whole", "cut"))
    victim = subprocess.Popen([sys.executable, "-c", KILLED, json.dumps(cut)], stderr=subprocess.DEVNULL)
    undisturbed = search(search_settings(**whole))
    assert victim.wait() == -signal.SIGKILL
    state = state_of(arrays_of(folder / "cut"))
    assert (state["epoch"], state["step"]) == (1, 1)
    return undisturbed, search(search_settings(**cut))


def test_a_killed_search_ends_with_the_bits_of_the_undisturbed_one(searches):
    whole, cut = (arrays_of(result.output) for result in searches)
    assert whole.keys() == cut.keys()
    for name in whole:
        if name != "state":
            np.testing.assert_array_equal(whole[name], cut[name])
    rows = [[{**row, "seconds": 0} for row in state_of(arrays)["rows"]] for arrays in (whole, cut)]
    assert rows[0] == rows[1]


def test_the_folder_has_what_a_person_looks_at(searches):
    result = searches[0]
    with (result.output / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [bool(row["architecture_loss"]) for row in rows] == [False, True, True]
    assert float(rows[0]["alpha_entropy"]) > float(rows[-1]["alpha_entropy"])
    assert result.miou == pytest.approx(float(rows[-1]["miou"]))
    assert [steps_of(result.output / "tensorboard", name) for name in ("alpha_entropy", "genotype")] == [[1, 2, 3]] * 2
    for name in ("genotype.png", "curves.png"):
        assert (result.output / name).stat().st_size > 10_000
    assert genotype(result.output / "genotype.json") == result.genotype
    assert len(list((result.output / "genotypes").iterdir())) == 3


def test_what_is_found_is_a_network(searches):
    path = searches[0].output / "genotype.json"
    model = AutoDeepLab(str(path), base_filters=4, classes=3, filters=8)
    assert model(np.zeros((1, 33, 33, 3), "float32")).shape == (1, 33, 33, 3)


def test_a_search_that_is_done_is_left_as_it_is(searches, settings, capsys):
    result = searches[0]
    before = (result.output / "checkpoint.npz").read_bytes()
    assert search(search_settings(**settings, output=str(result.output))).miou == result.miou
    assert (result.output / "checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"layers": 2}, "layers was 1 and is 2"),
        ({"seed": 1, "learning_rate": 0.1}, "learning_rate was 0.025 and is 0.1, seed was 0 and is 1"),
    ],
)
def test_another_search_in_the_folder_is_refused(searches, settings, changes, expected):
    with pytest.raises(ValueError, match=expected):
        search(search_settings(**{**settings, **changes, "output": str(searches[0].output)}))


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"crop_size": 32}, r"crop_size must be a multiple of 8, .* received \(32, 32\). Take 33x33"),
        ({"layers": 4, "crop_size": 17}, r"crop_size must be a multiple of 32, .* Take 33x33, or fewer layers"),
        ({"batch_size": 7}, "has to fill a batch of 7; received 12 images"),
        ({"architecture_epoch": 3}, "architecture_epoch must be below epochs, 3"),
        ({"train_split": "test"}, "test"),
        ({"train_split": ""}, "train_split must be a text that is not empty"),
        ({"labels": "pascal_vocc"}, "Did you mean 'pascal_voc'"),
        ({"learning_rate": 1e30}, "diverged in epoch 1, step [0-9]+: its loss is (nan|inf)"),
    ],
)
def test_what_cannot_be_searched_is_refused(settings, tmp_path, changes, expected):
    with pytest.raises(ValueError, match=expected):
        search(search_settings(**{**settings, **changes, "output": str(tmp_path / "search")}))


def test_a_folder_whose_search_ended_before_its_first_checkpoint_takes_other_settings(settings, tmp_path):
    wrong, right = (search_settings(**settings, output=str(tmp_path), end_learning_rate=rate) for rate in (1.0, 0.001))
    with pytest.raises(ValueError, match="end_learning_rate must be a number from 0 to 0.025; received 1.0"):
        search(wrong)
    SearchFolder(tmp_path).begin(right, {"images": 12})
    kept = json.loads((tmp_path / "search.json").read_text())
    assert (kept["end_learning_rate"], kept["images"]) == (0.001, 12)


def test_a_folder_of_something_else_is_refused(settings, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(ValueError, match="is not the folder of a search and not empty: it holds letter.txt"):
        search(search_settings(**settings, output=str(tmp_path)))
    assert os.listdir(tmp_path) == ["letter.txt"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ValueError, match=r"checkpoint\.npz"):
        SearchFolder(tmp_path).restore([])


def test_the_command_line_tells_of_wrong_input_in_one_line(settings, tmp_path, capsys):
    code = main(
        ["search", "--recipe", "minutes_cpu", "--data", settings["data"], "--output", str(tmp_path), "--epochs", "1"]
    )
    assert code == 2
    assert capsys.readouterr().err.startswith("Error: architecture_epoch must be below epochs, 1")


def test_none_takes_back_the_limit_of_a_recipe(monkeypatch):
    searched = []
    monkeypatch.setattr(nas, "search", searched.append)
    for limit in ((), ("--max-side", "none")):
        assert main(["search", "--data", "x", "--output", "y", *limit]) == 0
    assert [settings.max_side for settings in searched] == [(512, 1024), None]


def test_recipes_are_possible():
    assert all(search_settings(name, data="x", output="y").space.edges for name in SEARCHES)
    assert search_settings(data="x", output="y").space.alpha_shape == (20, 8)
    with pytest.raises(ValueError, match="Did you mean 'hour_cpu'"):
        search_settings("hours_cpu", data="x", output="y")
