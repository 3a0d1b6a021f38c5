"""Several trials of one search, each a process and a folder of its own."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeplab_tf.checks import listing, whole
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.files.reading import shown
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.lazy import DECIDED, SMALL_OPERATIONS
from deeplab_tf.nas.search import opened
from deeplab_tf.nas.search_folder import SearchFolder
from deeplab_tf.nas.search_report import SearchReport, search_report
from deeplab_tf.nas.search_settings import SearchSettings
from deeplab_tf.progress import Progress, counted
from deeplab_tf.settings import fields_of, option_of

REPORT = "report"
COMMAND = (sys.executable, "-m", "deeplab_tf", "search")
_NAME = re.compile(r"trial_[0-9]{2,}")
_POLL_SECONDS = 0.2
_LONGEST_END = 4096
# Of a search that its parent has stopped.
_STOPPED = 143
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class SearchTrials:
    """What the trials of a search came to.

    Args:
        report: What they have found beside each other; None where none of them has begun.
        failed: By the name of each trial that failed: why, the last line of its log.
    """

    report: SearchReport | None
    failed: dict[str, str]

    def __str__(self) -> str:
        lines = [str(self.report)] if self.report else []
        return "\n".join([*lines, *(f"{name} failed: {why}" for name, why in self.failed.items())])


def search_trials(settings: SearchSettings, trials: int, *, workers: int = 1) -> SearchTrials:
    """Searches several times, with the seeds from `settings.seed` on, as figure 4 of the Auto-DeepLab paper does.

    Each trial is a process of its own and has a folder in `settings.output`, `trial_00` and so on, with its log beside
    it (`trial_00.log`). The same call goes on: trials that are done are left as they are, others go on from their
    checkpoints, and a larger number adds some. If this process ends, by a kill too, the trials write their checkpoints
    and end. One that fails does not stop the others. `report/` shows all of them, as `search_report` does.

    Args:
        settings: From `search_settings`.
        trials: How many.
        workers: How many at a time. One of them uses all cores, and needs the memory of a search.

    Returns:
        The report on all trials, and why some failed, if any.

    Raises:
        ValueError: If what `search` refuses is known before any trial begins, the folder holds something else, or
            another process searches there.
        Interruption: After Ctrl-C or SIGTERM, when all trials have written their checkpoints. A second one kills them.

    Example:
        >>> print(search_trials(search_settings("hour_cpu", data="camvid", output="searches"), 10, workers=2))
    """
    trials, workers = whole("trials", trials, remedy="The paper has 10."), whole("workers", workers, remedy="Try 1.")
    output = Path(settings.output)
    each = [
        _Trial(dataclasses.replace(settings, output=str(output / f"trial_{number:02d}"), seed=settings.seed + number))
        for number in range(trials)
    ]
    with Interrupts() as interrupts, locked_folder(output, "the trials of a search"):
        with opened(settings) as (_, _, told):
            _check(output, each, told)
        left = [trial for trial in each if not trial.is_done]
        for trial in left:
            # Those of a killed parent are about to end; of any other search a line in the log says where it runs.
            with locked_folder(trial.folder.path, "a search", wait=True):
                pass
        failed = _run(each, left, workers, interrupts)
        begun = [trial.folder.path for trial in each if trial.folder.is_begun]
        return SearchTrials(search_report(begun, output / REPORT) if begun else None, failed)


class _Trial:
    """One of them: its folder, its log, and the process while it runs."""

    def __init__(self, settings: SearchSettings):
        self.settings = settings
        self.folder = SearchFolder(settings.output)
        self.name = self.folder.path.name
        self._log = self.folder.path.with_name(f"{self.name}.log")

    @property
    def epochs(self) -> int:
        """Those that are whole."""
        rows = self.folder.read_rows()
        return rows[-1]["epoch"] if rows else 0

    @property
    def is_done(self) -> bool:
        return self.epochs == self.settings.epochs

    def start(self) -> None:
        # Ctrl-C on a terminal is for this process alone, which tells the others.
        apart: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {"start_new_session": True}
        )
        # What this process has chosen for its own TensorFlow would count as the user's choice in that of a search.
        chosen = SMALL_OPERATIONS.keys() - DECIDED
        environment = {name: value for name, value in os.environ.items() if name not in chosen}
        command = [*COMMAND, "--end-with-stdin", *as_options(self.settings)]
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, env=environment, **apart
            )

    def stop(self) -> None:
        """Has it write its checkpoint and end, once however often it is asked."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def why(self) -> str:
        """Why it ended, of one that failed."""
        code = self.process.returncode
        lines = self._log.read_bytes()[-_LONGEST_END:].decode("utf-8", "replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return last.removeprefix("Error: ") if code == 2 else f"it ended with exit code {code}, and before it: {last}"


def _run(trials: Sequence[_Trial], left: Sequence[_Trial], workers: int, interrupts: Interrupts) -> dict[str, str]:
    """Runs those that are left; why each failed that did, by name."""
    waiting, running, failed = list(left), [], {}
    epochs = {trial.name: trial.epochs for trial in trials}
    progress = Progress(sum(trial.settings.epochs for trial in trials), "search", "epoch", done=sum(epochs.values()))
    _log.info(
        "%d of %s done; the others follow, %d at a time, each with a .log beside its folder.",
        len(trials) - len(left), counted(len(trials), "trial"), workers,
    )  # fmt: skip
    try:
        with interrupts.noted():
            while running or waiting:
                if interrupts.pending:
                    waiting.clear()
                    for trial in running:
                        trial.stop()
                while waiting and len(running) < workers:
                    waiting[0].start()
                    running.append(waiting.pop(0))
                time.sleep(_POLL_SECONDS)
                ended = [trial for trial in running if trial.process.poll() is not None]
                for trial in running:
                    before, epochs[trial.name] = epochs[trial.name], trial.epochs
                    if epochs[trial.name] > before:
                        progress.step(count=epochs[trial.name] - before)
                for trial in ended:
                    running.remove(trial)
                    if trial.process.returncode == 0:
                        _log.info("%s is done.", trial.name)
                    elif not (interrupts.pending and trial.process.returncode == _STOPPED):
                        failed[trial.name] = trial.why()
                        _log.warning("%s failed: %s", trial.name, failed[trial.name])
            if interrupts.pending:
                done = sum(trial.is_done for trial in trials)
                raise Interruption(
                    f"Stopped with {done} of {counted(len(trials), 'trial')} done; the same command goes on.",
                    interrupts.pending,
                )
    finally:
        progress.close()
        for trial in running:
            trial.kill()
    return failed


def _check(output: Path, each: Sequence[_Trial], data: Mapping) -> None:
    """Makes sure that the folder is one of such trials, or a new one."""
    if SearchFolder(output).is_begun:
        raise ValueError(f"{shown(output)} is the folder of one search. Choose another one for several trials.")
    names = sorted(path.name for path in output.iterdir() if not path.name.startswith("."))
    if names and not any(map(_NAME.match, names)):
        raise ValueError(
            f"{shown(output)} is not a folder of trials and not empty: it holds {listing(names, 3)}. Choose a new "
            "folder."
        )
    for trial in each:
        if trial.folder.path.is_dir():
            trial.folder.check(trial.settings, data)
    more = sorted({name for name in names if _NAME.fullmatch(name)} - {trial.name for trial in each})
    if more:
        _log.info("%s has %s too, which %d trials leave out.", shown(output), listing(more), len(each))


def as_options(settings: SearchSettings) -> list[str]:
    """The options of `deeplab-tf search` that give these settings, whatever its recipe has."""
    options = []
    for name, (field, known) in fields_of(type(settings)).items():
        value, option = getattr(settings, field.name), option_of(name, known)
        if isinstance(value, bool):
            options.append(option if value else f"--no-{option[2:]}")
        elif value is not None:
            options.append(f"{option}={'x'.join(map(str, value)) if isinstance(value, tuple) else value}")
        elif known.kind.name == "limit":
            options.append(f"{option}=none")
    return options
