"""A web server of one folder, for this machine only."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import urllib.parse
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deeplab_tf.export.browser.folder import HEADERS, INDEX

HOST = "127.0.0.1"
PORT, HTTP_PORT = 8080, 80
# Of the system's own table some say text/plain for a script, which browsers then refuse.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


@contextlib.contextmanager
def page_server(folder: str | os.PathLike, port: int | None = None) -> Iterator[ThreadingHTTPServer]:
    """A server of a folder's files to browsers on this machine. It lists no folders.

    Args:
        folder: The page's folder; it may still be empty.
        port: To listen at; when left out, 8080 or, where that is in use, any that is free.

    Yields:
        The server; `serve_forever` runs it, and `address(server)` is its page.

    Raises:
        ValueError: If the port is in use or may not be had.

    Example:
        >>> with page_server("page") as server:
        ...     print(address(server))
        http://127.0.0.1:8080/
    """
    with _listening(port, Path(folder)) as server:
        yield server


def address(server: ThreadingHTTPServer) -> str:
    """Where a browser finds the page."""
    return f"http://{HOST}:{server.server_port}/"


def hosts(port: int) -> set[str]:
    """How browsers name this machine and a port; they leave out that of HTTP."""
    names = {HOST, "localhost"}
    return {f"{name}:{port}" for name in names} | (names if port == HTTP_PORT else set())


def _listening(port: int | None, folder: Path) -> ThreadingHTTPServer:
    try:
        return _Server(PORT if port is None else port, folder)
    except OSError as error:
        if port is None:
            return _Server(0, folder)
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise ValueError(f"Port {port} {why}. Give another, or leave it out for one that is free.") from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Elsewhere two servers could then have one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int, folder: Path):
        super().__init__((HOST, port), _Handler)
        self.folder = folder
        # A name that leads here from elsewhere would let other pages read the model.
        self.hosts = hosts(self.server_port)

    def file(self, path: str) -> Path | None:
        """What a path of an address means: one of the files that are there, and nothing else whatever it says."""
        files = {f"/{file.relative_to(self.folder).as_posix()}": file for file in self.folder.rglob("*")}
        found = files.get(f"/{INDEX}" if path == "/" else path)
        return found if found and found.is_file() and not found.is_symlink() else None

    def handle_error(self, request, client_address) -> None:
        """A browser that goes away in the middle of a file is no error."""


class _Handler(BaseHTTPRequestHandler):
    # Of a connection that a browser opens without need.
    timeout = 30

    def do_GET(self) -> None:
        path = self._found()
        if path is not None:
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

    def do_HEAD(self) -> None:
        self._found()

    def _found(self) -> Path | None:
        """The file that is asked for, after its headers were sent; None after an error was."""
        path = self.server.file(urllib.parse.unquote(urllib.parse.urlsplit(self.path).path))
        if self.headers.get("Host") not in self.server.hosts:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif path is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(path.stat().st_size))
            self.send_header("Cache-Control", "no-cache")
            self.send_header("X-Content-Type-Options", "nosniff")
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            return path
        return None

    def log_message(self, *_) -> None:
        """Says nothing: the browser shows what is missing."""
