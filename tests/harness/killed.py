"""Runs a Python program that is killed just before its n-th rename, as a power cut or the OOM killer would."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
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


def at_rename_in_fork(number: int, work: Callable[[], None]) -> bool:
    """The same of a function, in a fork of this process: quick, for work on files that runs no TensorFlow.

    Raises:
        AssertionError: If `work` ended with an error.
    """
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.environ["KILL_AT_RENAME"] = str(number)
            exec(_HOOK, {})
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"The fork ended with {code}"
    return code == -signal.SIGKILL
