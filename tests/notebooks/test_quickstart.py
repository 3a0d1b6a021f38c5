"""The quickstart notebook runs from top to bottom, with a released network and without."""

import re

import pytest

import deeplab_tf
from deeplab_tf.models import save_model
from harness.notebooks import NOTEBOOKS, run_notebook


def test_quickstart_runs_without_network(monkeypatch, tmp_path):
    monkeypatch.setenv("QUICKSTART_STEPS", "2")
    # No download where there is a network, and none that is there already.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    # What 300 images and MobileNetV2 show, 20 and a narrow ResNet-18 show as well.
    less = {
        '"drawn", 300)': '"drawn", 20)',
        '"steps": steps}': '"steps": steps, "backbone": "resnet_18", "atrous_rates": (), "crop_size": 65}',
    }
    text, pictures = run_notebook("quickstart", tmp_path, less)
    assert re.findall(r"^Going on with drawn images\. .*", text, re.MULTILINE)
    assert pictures == 3
    assert "mean IoU" in text
    assert "equal labels" in text


@pytest.mark.shared
def test_a_released_network_segments_the_photograph(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    # As the first call leaves it where there is a network.
    model = deeplab_tf.load_released(shared / "weights" / "deeplabv3_mnv2_pascal_quant.tflite")
    kept = tmp_path / "models" / "deeplab_tf" / "mobilenetv2_coco_voc_trainval.keras"
    kept.parent.mkdir(parents=True)
    save_model(model, kept)
    text, pictures = run_notebook("quickstart", NOTEBOOKS, {}, last="segment")
    assert pictures == 1
    assert re.search(r"^ +\d+\.\d%  bird$", text, re.MULTILINE)
