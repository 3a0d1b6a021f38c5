"""The workers of one run on several hosts: who they are, that all have come before the work begins, which one is lost.

TensorFlow waits for workers without end and says little; so they meet here first, on the first one's own port.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deeplab_tf.checks import listing, whole
from deeplab_tf.training.config import TrainConfig

VARIABLE = "TF_CONFIG"
EXAMPLE = '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, "task": {"type": "worker", "index": 0}}'
JOBS = ("chief", "worker")
_POLL_SECONDS, _ANSWER_SECONDS, _LONGEST_LINE = 0.5, 5.0, 1 << 20
_log = logging.getLogger(__name__)


class WorkerLost(RuntimeError):
    """Another worker of the run did not come, or ended; the run goes on from its last checkpoint by `resume`.

    Attributes:
        exit_code: 75, which programs end with whose failure is temporary: start them again.
    """

    exit_code = 75


@dataclasses.dataclass(frozen=True)
class Workers:
    """The workers of a run, as TF_CONFIG lists them.

    Args:
        tasks: Job, index there, and `host:port` of each; the first is the chief, which writes.
        number: Which of them this process is.
    """

    tasks: tuple[tuple[str, int, str], ...]
    number: int

    @property
    def chief(self) -> bool:
        """Whether this process is the one that writes."""
        return self.number == 0

    def name(self, number: int) -> str:
        """What messages call a worker."""
        if number >= len(self.tasks):
            return f"worker {number}, which is not in the list here,"
        job, index, address = self.tasks[number]
        return f"{job} {index} ({address})"

    def named(self, message: str) -> list[str]:
        """The other workers that a message of TensorFlow's names."""
        found = {(job, int(index)) for job, index in re.findall(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)", message)}
        return [self.name(number) for number, task in enumerate(self.tasks) if task[:2] in found - {self._own}]

    @property
    def _own(self) -> tuple[str, int]:
        return self.tasks[self.number][:2]

    def lost(self, message: str) -> WorkerLost:
        """What to raise where TensorFlow says that a collective operation ended."""
        named = self.named(message)
        if named:
            what = f"{self.name(self.number)} lost {listing(named)}, which ended or cannot be reached."
        else:
            what = f"{self.name(self.number)} was not heard for too long (TensorFlow allows 10 s)."
        return WorkerLost(f"{what} Start all workers with --resume: the run goes on from its last checkpoint.")


def listed_workers() -> Workers | None:
    """The workers that TF_CONFIG lists, or None without it.

    Raises:
        ValueError: If it is not such a list, or has tasks that do not train.

    Example:
        >>> os.environ["TF_CONFIG"] = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
        >>> listed_workers().name(1)
        'worker 1 (b:1)'
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        values = json.loads(text)
        cluster, task = values["cluster"], values["task"]
        if set(cluster) - set(JOBS):
            raise ValueError(f"its jobs are {sorted(cluster)}, of which only {' and '.join(JOBS)} train")
        tasks = [(job, index, address) for job in JOBS for index, address in enumerate(cluster.get(job, ()))]
        addresses = [address for *_, address in tasks]
        for address in addresses:
            _host_and_port(address)
            if addresses.count(address) > 1:
                raise ValueError(f"{address!r} stands for several workers")
        own = task["type"], int(task["index"])
        return Workers(tuple(tasks), [(job, index) for job, index, _ in tasks].index(own))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{VARIABLE} must list the workers and say which one this is; received {text!r} "
            f"({type(error).__name__}: {error}). On each host set it like {EXAMPLE}, each with its own index."
        ) from error


def needed_workers() -> Workers:
    """The same.

    Raises:
        ValueError: Without TF_CONFIG, too.
    """
    workers = listed_workers()
    if workers is None:
        raise ValueError(
            f"strategy='multi_worker' needs {VARIABLE}, which is not set. On each host set it like {EXAMPLE}, each "
            "with its own index, or take strategy='mirrored'."
        )
    return workers


def is_follower(read: Callable[[], TrainConfig]) -> bool:
    """Whether this process is a worker that writes nothing; `read` gives the settings, where they can be read yet."""
    with contextlib.suppress(OSError):
        return VARIABLE in os.environ and read().strategy == "multi_worker" and not needed_workers().chief
    return False


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)


def meet(workers: Workers, run: Mapping[str, Any], minutes: float) -> None:
    """Waits until all workers have come, and makes sure that they do the same run.

    Args:
        workers: All of them.
        run: What must be equal, JSON-ready.
        minutes: How long to wait.

    Raises:
        WorkerLost: If one has not come by then; the message says which.
        ValueError: If a worker was started for another run; the message says what differs.
    """
    run = json.loads(json.dumps({VARIABLE: [f"{job} {address}" for job, _, address in workers.tasks], **run}))
    ends = time.monotonic() + 60 * minutes
    if workers.chief:
        _gather(workers, run, ends, minutes)
    else:
        _report(workers, run, ends, minutes)


def _gather(workers: Workers, run: Mapping, ends: float, minutes: float) -> None:
    port = _host_and_port(workers.tasks[0][2])[1]
    come: dict[int, socket.socket] = {}
    try:
        server = socket.create_server(("", port), backlog=128)
    except OSError as error:
        raise ValueError(
            f"{workers.name(0)} cannot listen on port {port}: {error.strerror}. Give a free port in {VARIABLE}."
        ) from error
    wrong: dict[int, str] = {}
    twice: set[int] = set()
    with server, contextlib.ExitStack() as opened:
        server.settimeout(_POLL_SECONDS)
        _log.info("Waiting for %s, at most %g minutes.", listing(_missing(workers, come)), minutes)
        while (missing := _missing(workers, come)) and time.monotonic() < ends:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                connection = opened.enter_context(server.accept()[0])
                connection.settimeout(_ANSWER_SECONDS)
                told = json.loads(_line(connection))
                number = whole("worker", told["worker"], least=0, remedy="")
                wrong[number] = _differing(run, told["run"])
                if number in come:
                    twice.add(number)
                come[number] = connection
        error = _not_come(missing, minutes) if missing else ""
        if missing and twice:
            error += f" Several processes say that they are {listing(list(map(workers.name, sorted(twice))))}."
        for number in come:
            if not missing and wrong[number]:
                error = f"{workers.name(number)} was started for another run: {wrong[number]}"
        for connection in come.values():
            with contextlib.suppress(OSError):
                connection.sendall(json.dumps({"error": error, "lost": bool(missing)}).encode() + b"\n")
    _raise(error, lost=bool(missing))


def _missing(workers: Workers, come: dict[int, socket.socket]) -> list[str]:
    """The names of those that have not come, or have gone again."""
    for number, connection in list(come.items()):
        if not _is_open(connection):
            del come[number]
    return [workers.name(number) for number in range(1, len(workers.tasks)) if number not in come]


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        connection.settimeout(_ANSWER_SECONDS)


def _report(workers: Workers, run: Mapping, ends: float, minutes: float) -> None:
    hello = json.dumps({"worker": workers.number, "run": run}).encode() + b"\n"
    address = _host_and_port(workers.tasks[0][2])
    _log.info("Waiting for %s, at most %g minutes.", workers.name(0), minutes)
    while (left := ends - time.monotonic()) > 0:
        with contextlib.suppress(OSError, ValueError), socket.create_connection(address, _ANSWER_SECONDS) as connection:
            # The chief itself gives up at its own limit and says so.
            connection.settimeout(left + _ANSWER_SECONDS)
            connection.sendall(hello)
            answer = json.loads(_line(connection))
            break
        time.sleep(_POLL_SECONDS)
    else:
        answer = {"error": _not_come([workers.name(0)], minutes), "lost": True}
    _raise(answer["error"], lost=answer["lost"])


def _line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        return stream.readline(_LONGEST_LINE)


def _not_come(names: Iterable[str], minutes: float) -> str:
    return (
        f"{listing(list(names))} did not come within {minutes:g} minutes (wait_minutes). See its log, and whether its "
        f"address can be reached from here; then start all workers again, with one {VARIABLE} but for the task."
    )


def _differing(run: Mapping, other: Mapping) -> str:
    names = [name for name in {**run, **other} if run.get(name) != other.get(name)]
    return "; ".join(f"{name} is {other.get(name)!r} there and {run.get(name)!r} here" for name in names[:3])


def _raise(error: str, *, lost: bool) -> None:
    if error:
        raise WorkerLost(error) if lost else ValueError(f"{error}. Start all workers alike.")


@contextlib.contextmanager
def losses_named(workers: Workers | None) -> Iterator[None]:
    """Turns what TensorFlow raises where a worker is lost into a `WorkerLost`; without workers nothing changes."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        if workers is None or not _is_loss(error):
            raise
        raise workers.lost(str(error)) from error


def _is_loss(error) -> bool:
    import tensorflow as tf

    kinds = tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError
    return isinstance(error, kinds) or "Collective ops is aborted" in str(error)
