"""The notebook of deployment runs from top to bottom, and its files give labels."""

import re

from harness.notebooks import run_notebook


def test_deploy_runs(tmp_path):
    less = {
        '"drawn", 120, size=(144, 144)': '"drawn", 10, size=(64, 64)',
        "crop_size=97": "crop_size=65",
        "STEPS = 250": "STEPS = 2",
        '("float32", "float16", "int8")': '("int8",)',
        "runs=20": "runs=2",
        # So few steps leave scores that lie close together.
        "precision=precision,": "precision=precision, min_agreement=0,",
    }
    text, pictures = run_notebook("deploy", tmp_path, less)
    assert pictures == 2
    table = re.findall(r"^(\S+) .* x +([\d.]+) % +0\.\d", text, re.MULTILINE)
    assert [name for name, _ in table] == ["model.keras", "saved_model", "int8.tflite"]
    assert float(table[1][1]) > 99.9
    assert "equal to the labels above: True" in text
    assert "image_bytes {'image_bytes': ('string'" in text
