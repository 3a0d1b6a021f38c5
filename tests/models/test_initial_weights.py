"""`weights=` works whatever was imported before."""

import subprocess
import sys

from harness.tiny_model import tiny_model

START = """
import sys
from deeplab_tf.models import DeepLabV3
DeepLabV3("mobilenet_v2", classes=4, depth_multiplier=0.25, filters=16, atrous_rates=(), weights=sys.argv[1])
"""


def test_a_start_needs_no_other_import(tmp_path):
    tiny_model().save(tmp_path / "start.keras")
    run = subprocess.run([sys.executable, "-c", START, str(tmp_path / "start.keras")], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
