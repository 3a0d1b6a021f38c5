"""Two devices that share a search do what one device does, and go on with it to the same bits."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.nas import search, search_settings, supernet_cells
from deeplab_tf.nas.mixed_cell import mixed_cell
from deeplab_tf.nas.search_folder import SearchFolder
from harness.tiny_search import TINY, arrays_of, state_of

# A high rate enlarges rounding: here an image pooling normalises two values.
SETTINGS = {**TINY, "epochs": 4, "architecture_epoch": 0, "learning_rate": 1e-3, "end_learning_rate": 1e-4}
HARNESS = Path(__file__).parents[1] / "harness/shared_search.py"


def halved(links, previous, inputs, kernels, alpha, shares, moving, shape):
    """The cell of two devices on one: each half of the batch is normalised on its own."""
    outputs, measured = zip(
        *(
            mixed_cell([tf.split(x, 2)[half] for x in links], tf.split(previous, 2)[half], inputs, kernels, alpha,
                       shares, moving, shape)
            for half in range(2)
        )
    )  # fmt: skip
    return tf.concat(outputs, 0), (measured[0] + measured[1]) / 2


@pytest.fixture(scope="module")
def folder(shapes, tmp_path_factory):
    """With the searches `whole` and `cut`, both on two devices."""
    folder = tmp_path_factory.mktemp("searches")
    settings = {**SETTINGS, "data": str(shapes), "output": str(folder / "whole"), "strategy": "mirrored", "devices": 2}
    done = subprocess.run([sys.executable, str(HARNESS), json.dumps(settings)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_search_on_two_devices_goes_on_to_the_same_bits(folder):
    whole, cut = (arrays_of(folder / name) for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    for name in whole.keys() - {"state"}:
        np.testing.assert_array_equal(whole[name], cut[name])


def test_two_devices_search_as_one_that_normalises_each_half(folder, shapes, tmp_path, monkeypatch):
    monkeypatch.setattr(supernet_cells, "mixed_cell", halved)
    monkeypatch.setattr(SearchFolder, "write_epoch", lambda *_: None)
    search(search_settings(**SETTINGS, data=str(shapes), output=str(tmp_path)))
    one, two = arrays_of(tmp_path), arrays_of(folder / "whole")
    rows, shared = (state_of(arrays)["rows"] for arrays in (one, two))
    for name in ("loss", "architecture_loss", "alpha_entropy", "beta_entropy"):
        assert [row[name] for row in rows] == pytest.approx([row[name] for row in shared], rel=1e-4), name
    for name in one.keys() - {"state"}:
        np.testing.assert_allclose(two[name], one[name], atol=1e-4 * max(1, np.abs(one[name]).max()))


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"devices": 2}, "devices counts those of strategy='mirrored'; received devices=2 and strategy='one'"),
        ({"strategy": "multi_worker"}, "strategy must be one of .*'one', 'mirrored'.* received 'multi_worker'"),
        ({"strategy": "mirrored", "devices": 3}, "devices must be at most 2, the GPUs .* received 3"),
        ({"strategy": "mirrored", "batch_size": 3}, "multiple of the 2 devices that share it; received 3. Take 4"),
    ],
)
def test_devices_that_cannot_share_a_search_are_told(shapes, tmp_path, monkeypatch, changes, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind] * 2)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda _: SimpleNamespace(num_replicas_in_sync=2))
    with pytest.raises(ValueError, match=expected):
        search(search_settings(**{**SETTINGS, **changes}, data=str(shapes), output=str(tmp_path / "search")))
    assert not list(tmp_path.iterdir())


def test_devices_may_be_others_than_before_and_folders_of_before_say_none(tmp_path):
    settings, data = search_settings(data="x", output=str(tmp_path), strategy="mirrored"), {"classes": ["a"]}
    folder, kept = SearchFolder(tmp_path), tmp_path / "search.json"
    folder.begin(settings, data)
    said = json.loads(kept.read_text()).items()
    kept.write_text(json.dumps({name: value for name, value in said if name not in ("strategy", "devices")}))
    (tmp_path / "checkpoint.npz").touch()
    folder.begin(settings, data)
    assert folder.read_settings() == (dataclasses.replace(settings, strategy="one"), 1)
