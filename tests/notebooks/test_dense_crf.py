"""The notebook of the dense CRF runs from top to bottom, and the CRF does there what the text says."""

import re

from harness.notebooks import run_notebook


def test_dense_crf_runs(tmp_path):
    less = {
        "(12)\n": "(4)\n",
        "examples[:8], examples[8:]": "examples[:2], examples[2:]",
        "(12, 18, 25), (3, 5, 8)": "(18, 25), (5, 8)",
        "(0.5, 2, 5, 20)": "(0.5, 20)",
        "(5, 15, 40, 120)": "(5, 120)",
        "(1.5, 5, 10, 40)": "(1.5, 40)",
        "(0.5, 3, 10, 30)": "(0.5, 30)",
        "(0.7, 3, 8, 20)": "(0.7, 20)",
        "(1, 2, 3, 5, 7, 10, 15, 20)": "(1, 3, 10, 20)",
    }
    text, pictures = run_notebook("dense_crf", tmp_path, less)
    assert pictures == 6
    assert "Best: --crf" in text
    measured = {name: float(miou) for name, miou in re.findall(r"^(without|as \w+) +(0\.\d+)", text, re.MULTILINE)}
    assert measured.keys() == {"without", "as above", "as searched"}
    assert min(measured["as above"], measured["as searched"]) > measured["without"] + 0.05
