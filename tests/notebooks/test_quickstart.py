"""The quickstart notebook runs from top to bottom."""

from harness.notebooks import run_notebook


def test_quickstart_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("QUICKSTART_STEPS", "2")
    # What 300 images and MobileNetV2 show, 20 and a narrow ResNet-18 show as well.
    less = {
        '"drawn", 300)': '"drawn", 20)',
        '"steps": steps}': '"steps": steps, "backbone": "resnet_18", "atrous_rates": (), "crop_size": 65}',
    }
    text, pictures = run_notebook("quickstart", tmp_path, less)
    assert pictures == 3
    assert "mean IoU" in text
    assert "equal labels" in text
