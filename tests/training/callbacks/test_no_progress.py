"""Training ends where validations give no better model."""

import pytest

from deeplab_tf.training.callbacks import BestModel, NoProgress, TrainingLog
from deeplab_tf.training.state import RunState
from harness.tiny_model import tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model(backbone="resnet_18")


def fitted(known, published, model, folder, mious, *, state=None, **best):
    """The epochs, counted from 1, that a training of patience 2 does."""
    state = RunState() if state is None else state
    log = TrainingLog(folder / "log.csv", state=state)
    kept = BestModel(folder / "best.keras", model=model, state=state, **best)
    return len(known.fit(published(*mious), log, kept, NoProgress(2, state), epochs=len(mious))["loss"]), state


def test_so_many_validations_without_a_better_one_end_it(known, published, model, tmp_path, logged):
    epochs, state = fitted(known, published, model, tmp_path, (0.2, 0.1, 0.3, 0.3, 0.2, 0.9))
    assert (epochs, state.best_step) == (5, 12)
    assert "No better model in 2 validations since step 12: training ends at step 20." in logged.messages


def test_it_judges_as_the_best_model(known, published, model, tmp_path):
    # The loss stays; of what is better the lower it is, equal is no progress.
    epochs, state = fitted(known, published, model, tmp_path, (0.2, 0.3, 0.4, 0.5), monitor="loss", mode="min")
    assert (epochs, state.best_step, state.best_value, state.best_miou) == (3, 4, 7.5, 0.2)


def test_a_resumed_run_goes_on_counting(known, published, model, tmp_path):
    rows = [{"step": 4, "val_miou": 0.5}, {"step": 8, "val_miou": 0.1}]
    state = RunState(step=8, best_step=4, best_miou=0.5, rows=rows)
    epochs, _ = fitted(known, published, model, tmp_path, (0.2, 0.3), state=state)
    assert epochs == 1
