"""Signals in a block: at once, or when the block asks."""

import signal
import subprocess
import sys
import threading

import pytest

from deeplab_tf.interrupts import Interruption, Interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to oneself")


@pytest.mark.parametrize(
    "number, code, said", [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_at_once_and_the_handlers_of_before_come_back(number, code, said):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt, match=said) as caught, Interrupts():
        signal.raise_signal(number)
    assert caught.value.exit_code == code
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_first_is_noted_and_the_second_ends():
    done = []
    with pytest.raises(Interruption), Interrupts() as interrupts, interrupts.noted():
        assert interrupts.pending is None
        signal.raise_signal(signal.SIGTERM)
        done.append(interrupts.pending)
        signal.raise_signal(signal.SIGINT)
        done.append("not reached")
    assert done == [signal.SIGTERM]


def test_one_that_nobody_asked_for_ends_the_block_last():
    done = []
    with pytest.raises(Interruption) as caught, Interrupts() as interrupts, interrupts.noted():
        signal.raise_signal(signal.SIGTERM)
        done.append("the rest")
    assert done == ["the rest"]
    assert caught.value.exit_code == 143


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interrupts():
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_have_no_signals_and_change_none():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with Interrupts() as interrupts, interrupts.noted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


NOTES = """
import threading
from deeplab_tf.interrupts import Interrupts, end_with_stdin

with Interrupts() as interrupts, interrupts.noted():
    end_with_stdin()
    (watch,) = set(threading.enumerate()) - {threading.main_thread()}
    print("ready", flush=True)
    while not interrupts.pending:
        watch.join(0.01)
    print("noted", interrupts.pending, flush=True)
    watch.join()
    print("saved", flush=True)
    interrupts.pending = None
"""


@pytest.mark.parametrize("cluster_too", [False, True])
def test_the_end_of_stdin_is_one_sigterm(cluster_too):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", NOTES], **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        if cluster_too:
            process.send_signal(signal.SIGTERM)
            assert process.stdout.readline() == f"noted {signal.SIGTERM:d}\n"
        process.stdin.close()
        said = process.stdout.read().splitlines()
    assert said == [f"noted {signal.SIGTERM:d}", "saved"][cluster_too:]
    assert process.returncode == 0
