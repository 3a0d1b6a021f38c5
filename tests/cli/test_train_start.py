"""`train --weights imagenet` without network: one line, and nothing left in the run folder."""

import keras

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_folder, draw_shapes


def test_a_failed_download_leaves_nothing(tmp_path, monkeypatch, capsys):
    def offline(*args, **kwargs):
        raise Exception("URL fetch failure on https://somewhere/mobilenet.h5: None -- Name or service not known")

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    drawn = draw_shapes(tmp_path / "shapes", 4, size=(60, 90), seed=4)
    convert_folder(drawn / "images", drawn / "masks", tmp_path / "records")
    capsys.readouterr()
    output = tmp_path / "run"
    command = ["train", "--data", tmp_path / "records", "--output", output, "--steps", 1, "--weights", "imagenet"]
    assert main([str(word) for word in (*command, "--crop-size", 65)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "somewhere/mobilenet.h5" in said
    assert "--weights FILE.h5" in said
    assert not output.exists() or not list(output.iterdir())
