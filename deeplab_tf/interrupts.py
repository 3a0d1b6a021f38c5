"""Ctrl-C, and the SIGTERM of clusters and containers: they end work at once, or where it can be taken up again."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

# Whether an `Interrupts` has had a signal.
_came = threading.Event()


class Interruption(KeyboardInterrupt):
    """Work was interrupted.

    Args:
        message: What came of it; "Interrupted." or "Terminated." when left out.
        number: The signal.

    Attributes:
        exit_code: What a shell expects of a process that the signal ended: 130 or 143.
    """

    def __init__(self, message: str | None = None, number: int = signal.SIGINT):
        super().__init__(message or ("Terminated." if number == signal.SIGTERM else "Interrupted."))
        self.number = int(number)
        self.exit_code = 128 + self.number


class Interrupts:
    """Makes SIGINT and SIGTERM an `Interruption` in the block, or lets the block choose the moment.

    Outside the main thread, where Python has no signals, and for those that the process was told to ignore, nothing
    changes. The handlers of before come back at the end.

    Attributes:
        pending: The signal that came while the block was choosing the moment, or None.

    Example:
        >>> with Interrupts() as interrupts, interrupts.noted():
        ...     for step in steps:
        ...         step()
        ...         if interrupts.pending:
        ...             save()
        ...             raise Interruption("Saved.", interrupts.pending)
    """

    def __init__(self):
        self.pending: int | None = None
        self._noting = False
        self._before = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                # None: a handler that is not Python's, and could not be put back.
                if before not in (None, signal.SIG_IGN):
                    self._before[number] = before
                    signal.signal(number, self._handle)
        return self

    def __exit__(self, *error) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Lets the first signal only be noted, for the block to ask for; a second one ends it at once.

        Raises:
            Interruption: At the end, if the block did not ask.
        """
        self._noting = True
        try:
            yield
        finally:
            self._noting = False
        if self.pending is not None:
            raise Interruption(number=self.pending)

    def _handle(self, number, frame) -> None:
        _came.set()
        if self._noting and self.pending is None:
            self.pending = number
        else:
            raise Interruption(number=number)


def end_with_stdin() -> None:
    """Has this process receive SIGTERM when its stdin ends: whoever has started it closes it, or is gone, killed too.

    One that has had a signal already, as when a cluster sends it to all processes, is left in peace.

    Example:
        >>> end_with_stdin()
        >>> train()
    """

    def watch():
        # Python's own object for stdin would be in use while the interpreter ends.
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        if not _came.is_set():
            signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
