"""The page for Keras users does what it says."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/training_with_keras.md"


def test_its_blocks_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    assert names["again"].optimizer.iterations == 2 + 2
    assert names["mine"].labels.names[1] == "cat"
