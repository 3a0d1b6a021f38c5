"""The demonstration leaves what it promises, refuses to overwrite, and touches nothing strange."""

import shutil

import pytest

from deeplab_tf import demo


def test_demo_leaves_a_folder_to_browse(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "IMAGES", 10)
    small = {"backbone": "resnet_18", "depth_multiplier": 0.25, "atrous_rates": (), "batch_size": 2, "crop_size": 65}
    monkeypatch.setattr(demo, "SETTINGS", {**demo.SETTINGS, **small})
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
    with pytest.raises(ValueError, match=r"thesis\.tex.*not part of a demo"):
        demo.run_demo(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, "killed"])
def test_a_finished_demo_is_there_until_the_next_is_finished(tmp_path, monkeypatch, end):
    output = tmp_path / "demo"
    (output / "run").mkdir(parents=True)
    (output / demo.PAGE).write_text("finished")

    ended = ValueError if end == "killed" else end

    def begin(folder, steps):
        assert not list(folder.iterdir())
        (folder / "drawn").mkdir()
        if end == "killed":
            # As it would look then.
            shutil.copytree(output.with_name(".demo.before"), tmp_path / "copy")
        raise ended

    monkeypatch.setattr(demo, "_run", begin)
    with pytest.raises(ended, match=r"^$"):
        demo.run_demo(output, overwrite=True)
    if end == "killed":
        shutil.rmtree(output / "run")
        (output / demo.PAGE).unlink()
        (tmp_path / "copy").rename(output.with_name(".demo.before"))
        with pytest.raises(ValueError, match="finished demo"):
            demo.run_demo(output)
    assert sorted(path.name for path in output.iterdir()) == [demo.PAGE, "run"]
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_new_demo_takes_the_place_of_the_finished_one(tmp_path, monkeypatch):
    (tmp_path / "demo" / "run").mkdir(parents=True)
    (tmp_path / "demo" / demo.PAGE).write_text("old")
    monkeypatch.setattr(demo, "_run", lambda folder, steps: (folder / demo.PAGE).write_text("new"))
    demo.run_demo(tmp_path / "demo", overwrite=True)
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [demo.PAGE]
    assert (tmp_path / "demo" / demo.PAGE).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
