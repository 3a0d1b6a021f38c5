"""Runs a Python program that is killed just before its n-th rename, as a power cut or the OOM killer would."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

# Python imports this module at its start wherever it finds one.
_HOOK = """
import os, signal

left = int(os.environ["KILL_AT_RENAME"])

def killing(rename):
    def wrapper(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(*arguments, **options)
    return wrapper

os.replace, os.rename = killing(os.replace), killing(os.rename)
"""


def at_rename(number: int, command: list[str], **options) -> bool:
    """Runs `command`; whether it was killed at the rename of that number, counted from 1.

    Raises:
        AssertionError: If it ended by itself with an error.
    """
    with tempfile.TemporaryDirectory() as hook:
        Path(hook, "sitecustomize.py").write_text(_HOOK)
        path = os.pathsep.join([hook, *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "KILL_AT_RENAME": str(number), "PYTHONPATH": path}
        code = subprocess.run(command, env=environment, check=False, **options).returncode
    assert code in (0, -signal.SIGKILL), f"{command} ended with {code}"
    return code == -signal.SIGKILL
