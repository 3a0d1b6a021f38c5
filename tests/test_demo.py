"""The demonstration leaves what it promises, refuses to overwrite, and touches nothing strange."""

import pytest

from deeplab_tf import demo


def test_demo_leaves_a_folder_to_browse(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "IMAGES", 10)
    monkeypatch.setattr(
        demo, "SETTINGS", {**demo.SETTINGS, "batch_size": 2, "crop_size": 129, "depth_multiplier": 0.25}
    )
    monkeypatch.setattr(demo.datasets, "draw_shapes", _small(demo.datasets.draw_shapes))
    output = tmp_path / "demo"
    miou = demo.run_demo(output, steps=1)
    assert 0 <= miou <= 1
    for name in (
        "index.html",
        "audit.html",
        "contact_sheet.png",
        "predictions.png",
        "metrics.json",
        "run/model.keras",
        "run/curves.png",
        "exported/model.tflite",
        "exported/saved_model/saved_model.pb",
        "segmented/00000_overlay.png",
    ):
        assert (output / name).is_file(), name
    assert f"{miou:.4f}" in (output / "index.html").read_text()

    with pytest.raises(ValueError, match="finished demo"):
        demo.run_demo(output)


def _small(draw):
    return lambda folder, count, seed=0: draw(folder, count, size=(60, 90), seed=seed)


def test_demo_keeps_its_hands_off_other_folders(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match=r"thesis\.tex.*no part of a demo"):
        demo.run_demo(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
