"""The notebook of Auto-DeepLab goes from drawings to a network that was searched, trained and measured."""

import re

from harness.notebooks import run_notebook


def test_auto_deeplab_runs(tmp_path):
    # Tracing takes most of the time, and grows with the cells.
    less = {
        '"drawn", 240,': '"drawn", 30,',
        "layers=3": "layers=2",
        "blocks=2": "blocks=1",
        " epochs=8": " epochs=3",
        "_epoch=4": "_epoch=1",
        "rate=0.02": "rate=0.2",
        "steps=500": "steps=2",
    }
    text, pictures = run_notebook("auto_deeplab", tmp_path, less)
    assert pictures == 5
    assert "the paper: 5.6e+14 cells, 28657 paths" in text
    assert re.findall(r"^epoch_(\d+) strides \d+ \d+ operations", text, re.MULTILINE) == ["001", "002", "003"]
    entropies = [float(number) for number in re.findall(r"entropy of operations ([\d.]+)", text)]
    assert entropies[-1] < entropies[0] == 1
    assert "mean IoU" in text
