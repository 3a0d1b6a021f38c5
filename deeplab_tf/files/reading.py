"""Reading what a user gave: whatever goes wrong comes out as a `ValueError` that names the file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

LONGEST_REASON = 300


def shown(path: str | os.PathLike) -> str:
    r"""A path for a message; bytes of its name that are not UTF-8 are escaped.

    Example:
        >>> shown("caf\udce9.jpg")
        'caf\\xe9.jpg'
    """
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        # JSON may hold half a character, which no file's name does.
        return os.fspath(path).encode("utf-8", "backslashreplace").decode()


def reason(error: BaseException) -> str:
    r"""An error's message in one line; its type where it has none.

    Example:
        >>> reason(KeyError()), reason(OSError("first\nsecond"))
        ('KeyError', 'first')
    """
    text = str(getattr(error, "message", None) or error).strip()
    if isinstance(error, KeyError) and text:
        text = f"{text} is missing"
    line = text.splitlines()[0].strip() if text else type(error).__name__
    line = line.encode("utf-8", "backslashreplace").decode()
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]} ..."


@contextlib.contextmanager
def reading(
    path: str | os.PathLike, what: str = "file", remedy: str = "Replace the file or leave it out."
) -> Iterator[None]:
    """Whatever the block raises comes out as a `ValueError` that names the file.

    A `ValueError` or `FileNotFoundError` that names it already passes as it is, and so does the `ImportError` that
    names an extra to install. Readers of foreign formats raise whatever their content provokes (RecursionError,
    OverflowError, KeyError, BadZipFile, TensorFlow's own): a list of them is never complete.

    Args:
        path: The file or folder that the user knows; not a temporary copy of it.
        what: What it was to be, for the message: "a JSON file".
        remedy: What to do, a sentence.

    Raises:
        ValueError: If the content cannot be read.
        FileNotFoundError: If there is nothing at `path`.

    Example:
        >>> with reading("settings.json", "a JSON file"):
        ...     json.loads("[" * 100_000)
        Traceback (most recent call last):
        ValueError: settings.json cannot be read as a JSON file (maximum recursion depth exceeded ...
    """
    name = shown(path)
    try:
        yield
    except ImportError as error:
        if "pip install" in str(error):
            raise
        raise _unreadable(name, what, error, remedy) from error
    except (ValueError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and error.errno and not os.path.lexists(path):
            raise FileNotFoundError(f"There is no {name}. Check the path.") from error
        if _wants_room(error) or name in str(error) or str(path) in str(error):
            raise
        if isinstance(error, FileNotFoundError) and not os.path.lexists(path):
            raise FileNotFoundError(f"There is no {name}. Check the path.") from error
        raise _unreadable(name, what, error, remedy) from error
    except Exception as error:
        raise _unreadable(name, what, error, remedy) from error


def _wants_room(error: BaseException) -> bool:
    # deeplab_tf.files.disk.DiskFull, which stands above: what cannot be unpacked for want of room is not damaged.
    return isinstance(error, ValueError) and getattr(error, "errno", None) is not None


def _unreadable(name: str, what: str, error: BaseException, remedy: str) -> ValueError:
    return ValueError(f"{name} cannot be read as {_article(what)} ({reason(error)}). {remedy}")


def _article(what: str) -> str:
    return what if what.startswith(("a ", "an ", "the ")) else f"a {what}"
