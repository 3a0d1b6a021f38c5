"""The notebook of deployment runs from top to bottom, and every file gives the model's labels."""

from harness.notebooks import run_notebook


def test_deploy_runs(tmp_path):
    less = {
        '"drawn", 120, size=(144, 144)': '"drawn", 10, size=(64, 64)',
        "crop_size=97": "crop_size=65",
        "STEPS = 250": "STEPS = 2",
        "runs=20": "runs=2",
        # So few steps leave scores that lie close together.
        "precision=precision,": "precision=precision, min_agreement=0,",
    }
    text, pictures = run_notebook("deploy", tmp_path, less)
    assert pictures == 2
    for file in ("model.keras", "1", "float32.tflite", "float16.tflite", "int8.tflite"):
        assert f"\n{file} " in text
    assert "equal to the labels above: True" in text
    assert "kB  index.html" in text
