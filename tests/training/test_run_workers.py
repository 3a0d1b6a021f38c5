"""Two workers on this machine: one run, which goes on after the loss of one of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.training import TrainConfig, train

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
STEPS, EVERY = 24, 4


def saved_step(run):
    try:
        with zipfile.ZipFile(run / "last.keras") as archive:
            return json.loads(archive.read("training/state.json"))["step"]
    except FileNotFoundError:
        return -1


def started(arguments):
    """Both workers of `deeplab-tf train`."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in (first, second)]
    command, found = [sys.executable, "-m", "deeplab_tf", "train", *arguments], []
    for number in (0, 1):
        own = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(own)}
        found.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    return found


def ended(processes):
    """The exit codes, and each one's result, or the last line of its errors."""
    said = ["".join(reversed(process.communicate(timeout=300))).strip().splitlines()[-1] for process in processes]
    return [process.returncode for process in processes], said


@pytest.fixture(scope="module")
def settings(shapes, light_network):
    own = {"learning_rate": 1e-4, "steps": STEPS, "eval_every": EVERY, "val_split": "val"}
    return {**light_network, **own, "data": str(shapes)}


def test_a_killed_worker_ends_all_and_the_resumed_run_is_that_of_one_device(settings, tmp_path):
    run, whole = tmp_path / "run", tmp_path / "whole"
    options = [f"--{name.replace('_', '-')}={value or 'none'}" for name, value in settings.items()]
    workers = started([*options, "--strategy=multi_worker", f"--output={run}"])
    while saved_step(run) < EVERY and workers[0].poll() is None:
        time.sleep(0.02)
    workers[1].kill()
    codes, said = ended(workers)
    assert codes == [75, -signal.SIGKILL], said
    assert " lost worker 1 (127.0.0.1:" in said[0]
    assert EVERY <= saved_step(run) < STEPS
    assert not (run / ".lock").exists()
    codes, said = ended(started(["--resume", f"--output={run}"]))
    assert codes == [0, 0], said
    assert all(f"{run}: {STEPS} steps" in line for line in said)
    train(TrainConfig(**settings, output=str(whole)))
    for one, other in zip(*(load_model(each / "last.keras").get_weights() for each in (run, whole)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
