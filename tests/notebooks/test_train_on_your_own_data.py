"""The notebook of one's own data runs from labelme's files to the exported model."""

import re

from harness.notebooks import run_notebook


def test_train_on_your_own_data_runs(tmp_path):
    less = {'"photos", 120)': '"photos", 12)', "else 250": "else 2"}
    text, pictures = run_notebook("train_on_your_own_data", tmp_path, less)
    assert pictures == 5
    assert re.search(r"1 error in 1 of 12 images.*\.json has shapes of unknown labels: 'disk'", text, re.DOTALL)
    assert re.search(r"train \d+ images, val \d+ images; 6 classes", text)
    assert "mean IoU" in text
    for exported in ("saved_model", "model.tflite"):
        (equal,) = re.findall(rf"^{exported}: ([\d.]+)% of the labels", text, re.MULTILINE)
        assert float(equal) > 99.9
