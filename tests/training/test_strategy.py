"""Devices that share a step do what one device does; what is not possible is told."""

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from deeplab_tf.training import TrainConfig
from deeplab_tf.training.devices import devices_of
from deeplab_tf.training.strategy import OneDevice, SeveralDevices

HARNESS = Path(__file__).parents[1] / "harness/shared_steps.py"


def test_two_devices_train_as_one():
    done = subprocess.run(
        [sys.executable, str(HARNESS), "plain", "clipped"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, *_ in rows] == ["plain", "clipped"]
    # 20 steps, all weights and statistics, then the mean loss by step.
    assert all(float(largest) < 1e-5 and float(loss) < 1e-5 for _, largest, loss in rows), rows


def test_one_device_is_keras_own(config):
    with devices_of(config, {}) as devices:
        assert (type(devices), devices.chief, devices.part) == (OneDevice, True, (0, 1))


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="multiple of the 2 devices that share it; received 5. Take 6"):
        SeveralDevices(type("Two", (), {"num_replicas_in_sync": 2})(), 5)


def test_devices_that_are_not_there_are_told(config, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind] * (kind == "CPU"))
    with pytest.raises(ValueError, match="found no GPU. Take strategy='one', or give devices=2"):
        devices_of(config.replace(strategy="mirrored"), {}).__enter__()
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU"] * 2)
    with pytest.raises(ValueError, match="devices must be at most 2, the GPUs that TensorFlow sees; received 3"):
        devices_of(config.replace(strategy="mirrored", devices=3), {}).__enter__()


def test_a_process_that_has_begun_with_one_cpu_is_told(config):
    tf.constant(0.0)
    with pytest.raises(ValueError, match="has begun in this process with one CPU device; 3 are asked for"):
        devices_of(config.replace(strategy="mirrored", devices=3), {}).__enter__()


def test_devices_are_those_of_mirrored():
    with pytest.raises(ValueError, match="devices counts those of strategy='mirrored'; received devices=2"):
        TrainConfig(data="records", output="run", devices=2)
