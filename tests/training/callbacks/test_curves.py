"""The curves alone, and of the rows of a log."""

import pytest

from deeplab_tf.training.callbacks import Curves, RunState, TrainingLog


def test_a_point_for_every_epoch(known, published, tmp_path):
    curves = Curves(tmp_path / "curves.png")
    known.fit(published(0.25, 0.5), curves, epochs=2)
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    point = {"loss": 7.5, "learning_rate": 0.0, "pixel_accuracy": 0.75}
    assert curves.state.rows == [{"step": 4, "val_miou": 0.25, **point}, {"step": 8, "val_miou": 0.5, **point}]


def test_rows_of_the_log(known, tmp_path):
    state = RunState()
    known.fit(TrainingLog(tmp_path / "log.csv", every=1, state=state), Curves(tmp_path / "curves.png", state=state))
    assert [row["step"] for row in state.rows] == [1, 2, 3, 4]
    assert (tmp_path / "curves.png").is_file()


@pytest.mark.parametrize("name", ["curves", "curves.txt"])
def test_a_file_that_is_not_a_picture_is_refused_at_once(name):
    with pytest.raises(ValueError, match=f"format of pictures; received '{name}'. Give a .png file"):
        Curves(name)
