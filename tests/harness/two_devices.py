"""Code in a process of its own, whose processor counts as two devices: TensorFlow takes that only when it starts."""

import subprocess
import sys
from pathlib import Path

BEFORE = """
import sys

sys.path.insert(0, {tests!r})

import deeplab_tf
import keras
import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
"""


def fails_on_two_devices(code: str) -> str:
    """Runs code that finds `strategy`, a MirroredStrategy of two; the traceback where it fails, else nothing."""
    before = BEFORE.format(tests=str(Path(__file__).resolve().parents[1]))
    done = subprocess.run([sys.executable, "-c", before + code], capture_output=True, text=True, check=False)
    return done.stderr or f"exit code {done.returncode}" if done.returncode else ""
