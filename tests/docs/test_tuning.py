"""The page's sweep, with a training that takes no time."""

import re
from pathlib import Path

import pytest

from deeplab_tf import training

ROOT = Path(__file__).resolve().parents[2]
SWEEP = re.search(r"```python\n(.*?)```", (ROOT / "docs/tuning.md").read_text(encoding="utf-8"), re.DOTALL)[1]


def test_the_sweep_finds_the_best_of_its_trials(tmp_path, monkeypatch):
    pytest.importorskip("keras_tuner", reason='needs pip install -e ".[dev]"')
    monkeypatch.chdir(tmp_path)
    tried = []

    def train(config, overwrite):
        tried.append(config)
        return training.TrainResult(tmp_path, 1, 1, config.learning_rate, None)

    monkeypatch.setattr(training, "train", train)
    names = {}
    exec(SWEEP, names)
    (best,) = names["sweep"].get_best_hyperparameters(1)
    assert len(tried) == len({config.output for config in tried}) == 4
    assert best.get("learning_rate") == max(config.learning_rate for config in tried)
