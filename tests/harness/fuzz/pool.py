"""Runs cases in a process of its own, and ends it where a case takes too long, too much memory, or crashes."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKER = Path(__file__).with_name("worker.py")
LOOK_SECONDS = 0.2


class Worker:
    """A child process for cases; a new one is started after each that had to be ended.

    Args:
        samples: Folder of the samples, made where they are missing.
        seconds: Longest time of a case.
        gigabytes: Most memory of the process.
        extra: A script with targets of its own, whose samples are there.
    """

    def __init__(self, samples: Path, seconds: float = 60, gigabytes: float = 4, extra: Path | None = None):
        self.samples, self.seconds, self.bytes = samples, seconds, gigabytes * 2**30
        self._scratch = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._process, self._extra = None, extra
        samples.mkdir(parents=True, exist_ok=True)

    def targets(self) -> dict[str, tuple[int, bool]]:
        """What can be read: how many of 10,000 cases each gets, and whether a command reads it."""
        self._start()
        return self._ask("list", "", 0, 600)

    def run(self, how: str, target: str, seed: int) -> dict:
        """The outcome of a case: the fields of `Outcome`."""
        # Samples and the sound file's digest are made outside the time limit.
        if self._process is None:
            self._start()
        prepared = self._ask("prepare", target, 0, 600)
        return prepared if "verdict" in prepared else self._ask(how, target, seed, self.seconds)

    def _start(self) -> None:
        words = [sys.executable, str(WORKER), str(self.samples), self._scratch.name]
        words += [] if self._extra is None else [str(self._extra)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _ask(self, how: str, target: str, seed: int, seconds: float) -> dict:
        start = time.monotonic()
        self._process.stdin.write(json.dumps([how, target, seed]).encode() + b"\n")
        self._process.stdin.flush()
        while not select.select([self._process.stdout], [], [], LOOK_SECONDS)[0]:
            if time.monotonic() - start > seconds:
                return self._end("time", f"more than {seconds:g} s")
            if self._memory() > self.bytes:
                return self._end("memory", f"more than {self.bytes / 2**30:g} GiB")
        line = self._process.stdout.readline()
        return json.loads(line) if line else self._end("crash", f"signal or exit {self._process.wait()}")

    def _memory(self) -> int:
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _end(self, verdict: str, detail: str) -> dict:
        self._process.kill()
        self._process.wait()
        self._process = None
        return {"verdict": verdict, "mutation": "", "detail": detail, "seconds": 0.0}

    def close(self) -> None:
        """Ends the process and clears its folder."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()
        self._scratch.cleanup()
