"""The page for Keras users does what it says."""

import re
from pathlib import Path

import tensorflow as tf

PAGE = Path(__file__).resolve().parents[2] / "docs/training_with_keras.md"


def test_its_blocks_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    first, *others = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(first, names)
    # Three more graphs of a training step would be built for two steps each.
    tf.config.run_functions_eagerly(True)
    try:
        for block in others:
            exec(block, names)
    finally:
        tf.config.run_functions_eagerly(False)
    assert names["again"].optimizer.iterations == 2 + 2
    assert names["mine"].labels.names[1] == "cat"
