"""A web server of one file on this machine, with the habits of real ones."""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Files:
    """What the server has and does.

    Attributes:
        content: Bytes of the file.
        ranges: Whether it resumes.
        cuts: Bytes after which each answer in turn ends early.
        status: An error to answer with.
        requests: The Range headers of the requests so far, None where there was none.
    """

    def __init__(self, content: bytes):
        self.content, self.ranges, self.cuts, self.status, self.requests = content, True, [], None, []


@contextlib.contextmanager
def served(content: bytes):
    """A server of `content`; yields (its address, its `Files`)."""
    files = Files(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            files.requests.append(asked)
            if files.status:
                self.send_error(files.status)
                return
            total = len(files.content)
            start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked and files.ranges else 0
            if start and start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(total - start))
            self.end_headers()
            end = start + files.cuts.pop(0) if files.cuts else total
            # Who refuses what comes hangs up.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(files.content[start:end])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/model.tar.gz", files
    finally:
        server.shutdown()
        server.server_close()
