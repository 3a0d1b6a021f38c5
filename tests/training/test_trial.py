"""A fast dev run goes through everything and makes room for a real one."""

import json
import signal

import keras
import pytest

from deeplab_tf.training import TrainConfig, train
from deeplab_tf.training.checkpoint import load_state
from deeplab_tf.training.run_folder import RunFolder


def test_three_steps_through_everything(light, logged):
    asked = {**light, "steps": 900}
    result = train(TrainConfig(**asked, fast_dev_run=True))
    assert result.step == 3
    assert "best model, loading and export work" in logged.text
    folder = RunFolder(result.output)
    state = load_state(folder.checkpoint)[1]
    assert [row["step"] for row in state.rows if "val_miou" in row] == [2, 3]
    # As in the first steps of the real run.
    assert state.rows[-1]["learning_rate"] == pytest.approx(0.01 * (1 - 2 / 900) ** 0.9, rel=1e-3)
    assert json.loads(folder.config.read_text())["settings"]["run"]["fast_dev_run"]

    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epoch and signal.raise_signal(signal.SIGTERM)
    )
    with pytest.raises(KeyboardInterrupt, match=r"Interrupted after the last step of a trial .*\. Start it again"):
        train(TrainConfig(**asked, fast_dev_run=True), [stop])
    assert train(TrainConfig(**{**asked, "steps": 1})).step == 1
    with pytest.raises(ValueError, match="holds a finished run"):
        train(TrainConfig(**asked, fast_dev_run=True))
