"""All metrics at once under MirroredStrategy, in a process of its own: a running TensorFlow keeps its devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deeplab_tf.metrics import BoundaryF1, MeanIoU, TrimapIoU
from harness.label_maps import blocks, boundary_f1, boundary_iou, trimap_iou

TESTS = Path(__file__).resolve().parents[1]
SCRIPT = """
import json, sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from deeplab_tf import metrics

strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
maps = np.load(sys.argv[1])
logits = np.eye(5, dtype=np.float32)[maps["predictions"]]
with strategy.scope():
    model = keras.Sequential([keras.Input((None, None, 5)), keras.layers.Rescaling(1.0)])
    measures = [metrics.MeanIoU(5), metrics.TrimapIoU(5, width=2), metrics.BoundaryIoU(5), metrics.BoundaryF1(5)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("sgd", loss, metrics=measures)
data = tf.data.Dataset.from_tensor_slices((logits, maps["labels"])).batch(2)
history = model.fit(data, validation_data=data, epochs=2, verbose=0).history
print(json.dumps({"devices": strategy.num_replicas_in_sync, **history}))
"""


def test_in_fit_and_validation_under_two_devices(tmp_path):
    generator = np.random.default_rng(4)
    pairs = [blocks(generator) for _ in range(4)]
    labels, predictions = (np.stack(maps) for maps in zip(*pairs))
    np.savez(tmp_path / "maps.npz", labels=labels, predictions=predictions)
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / "maps.npz")]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["devices"] == 2
    scores = [boundary_f1(*pair, 0.0075 * np.hypot(13, 17), 5, 255) for pair in pairs]
    whole = trimap_iou([(labels.reshape(1, -1), predictions.reshape(1, -1))], labels.size, 5, 255)
    for name, expected in {
        "mean_iou": np.nanmean(whole),
        "trimap_2": np.nanmean(trimap_iou(pairs, 2, 5, 255)),
        "boundary_iou": np.nanmean(boundary_iou(pairs, 1, 5, 255)),
        "boundary_f1": np.mean([np.nanmean(one) for one in scores]),
    }.items():
        # Reset between the epochs, and summed over the devices.
        assert found[name] + found[f"val_{name}"] == pytest.approx([expected] * 4), name


@pytest.mark.parametrize("metric", [MeanIoU, TrimapIoU, BoundaryF1])
def test_scores_of_other_classes_or_size_are_refused(metric):
    labels = np.zeros((2, 8, 9), np.int32)
    with pytest.raises(ValueError, match="is of 3 classes; received scores of 5"):
        metric(3).update_state(labels, np.zeros((2, 8, 9, 5), np.float32))
    with pytest.raises(ValueError, match="expected the same batch, height and width"):
        metric(3).update_state(labels, np.zeros((1, 8, 9, 3), np.float32))
