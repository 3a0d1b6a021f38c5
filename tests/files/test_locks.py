import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deeplab_tf.files import locks
from deeplab_tf.files.locks import locked, locked_folder

HOLD = """
import sys, time
from deeplab_tf.files.locks import locked, locked_folder
take = locked_folder if sys.argv[1] == "folder" else locked
with take(sys.argv[2], "a test"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold():
    """Starts a process that holds a lock until its stdin closes."""
    running = []

    def start(kind, path):
        command = [sys.executable, "-c", HOLD, kind, str(path)]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout.readline() == "held\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("kind, take", [("file", locked), ("folder", locked_folder)])
def test_second_process_is_refused_and_told_who_writes(tmp_path, hold, kind, take):
    output = tmp_path / "out"
    process = hold(kind, output)
    with (
        pytest.raises(ValueError, match=rf"out is being written .*a test, since .*pid {process.pid}\)\. Wait"),
        take(output, "another"),
    ):
        pass


@pytest.mark.parametrize("kind, take", [("file", locked), ("folder", locked_folder)])
def test_kill_ends_the_lock_and_the_next_writer_clears_its_file(tmp_path, hold, kind, take):
    output = tmp_path / "out"
    process = hold(kind, output)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in tmp_path.rglob("*lock")], "a kill leaves the lock's file"
    with take(output, "another"):
        pass
    assert not list(tmp_path.rglob("*lock"))


def test_waiting_is_logged_and_ends_with_the_other(tmp_path, hold, caplog):
    process = hold("file", tmp_path / "out")
    threading.Timer(0.3, process.stdin.close).start()
    with caplog.at_level(logging.INFO, "deeplab_tf"), locked(tmp_path / "out", "another", wait=True) as lock:
        assert lock.holds
        assert process.wait() == 0
    assert len(caplog.messages) == 1
    assert "a test, since" in caplog.messages[0]


def test_same_thread_takes_it_again_and_another_thread_does_not(tmp_path):
    def take():
        with locked(tmp_path / "out", "another"):
            pass

    with locked(tmp_path / "out", "a test"):
        take()
        take()
        with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match=f"pid {os.getpid()}"):
            pool.submit(take).result()
    take()


def test_threads_never_hold_it_together(tmp_path, monkeypatch):
    inside, most = [], []

    def work(number):
        for _ in range(20):
            with locked_folder(tmp_path / "out" / "deep", "a test", wait=True):
                inside.append(number)
                most.append(len(inside))
                inside.pop()

    monkeypatch.setattr(locks, "_POLL_SECONDS", 0.001)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert max(most) == 1
    assert len(most) == 80


def test_a_parent_that_another_writer_removes_meanwhile_is_made_again(tmp_path, monkeypatch):
    make, removed = Path.mkdir, []

    def mkdir(self, *args, **kwargs):
        if self.name == "deep" and not removed:
            self.parent.rmdir()
            removed.append(self.parent)
        make(self, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with locked_folder(tmp_path / "out" / "deep", "a test"):
        assert (tmp_path / "out" / "deep").is_dir()
    assert removed
    assert not list(tmp_path.iterdir())


def test_new_folders_stay_only_if_something_is_in_them(tmp_path):
    with locked_folder(tmp_path / "a" / "b", "a test"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not list(tmp_path.iterdir())
    with locked_folder(tmp_path / "a" / "b", "a test"):
        (tmp_path / "a" / "b" / "file").touch()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]


def test_folder_that_was_there_stays_though_it_is_empty(tmp_path):
    (tmp_path / "mine").mkdir()
    with locked_folder(tmp_path / "mine", "a test"):
        pass
    assert (tmp_path / "mine").is_dir()


def test_file_system_without_locks_warns_and_goes_on(tmp_path, monkeypatch, caplog):
    def refuse(descriptor):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks, "_lock", refuse)
    with locked(tmp_path / "out", "a test") as lock:
        assert not lock
    assert "without locks (No locks available)" in caplog.text


def test_parent_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"Cannot write to .*file"), locked(tmp_path / "file" / "out", "a test"):
        pass


def test_another_host_with_the_same_process_number_is_kept_out(tmp_path):
    isolated = ["unshare", "--fork", "--kill-child", "--pid", "--uts", "--mount-proc", "sh", "-c"]
    isolated.append('hostname "$0" && exec "$@"')
    if subprocess.run([*isolated, "probe", "true"], capture_output=True, check=False).returncode:
        pytest.skip("This user may make no host of its own: unshare is refused")
    command = [sys.executable, "-c", HOLD, "file", str(tmp_path / "out")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*isolated, "one", *command], **pipes) as first:
        assert first.stdout.readline() == "held\n"
        with subprocess.Popen([*isolated, "two", *command], **pipes) as second:
            assert second.stdout.readline() == ""
            assert "out is being written" in (said := second.stderr.read())
            assert "host one, pid 1)" in said
        first.kill()
        first.wait()
    # The kill goes on to the process inside.
    with locked(tmp_path / "out", "another", wait=True) as lock:
        assert lock.after_kill
