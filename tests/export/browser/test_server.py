import http.client
import socket
import threading

import pytest

from deeplab_tf.export.browser import address, page_server, server


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    root = tmp_path_factory.mktemp("outside")
    (root / "secret.txt").write_text("secret")
    page = root / "page"
    (page / "runtime").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "page.js").write_text("export {};")
    (page / "my photo.png").write_bytes(b"png")
    (page / "runtime" / "a.wasm").write_bytes(b"\0asm" * 100_000)
    (page / "link.txt").symlink_to(root / "secret.txt")
    with page_server(page, taken_port()) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield served
        served.shutdown()


def taken_port():
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def ask(served, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", served.server_port, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize(
    "path, kind, body",
    [
        ("/", "text/html; charset=utf-8", b"<!doctype html>"),
        ("/index.html?again", "text/html; charset=utf-8", b"<!doctype html>"),
        ("/page.js", "text/javascript; charset=utf-8", b"export {};"),
        ("/my%20photo.png", "image/png", b"png"),
        ("/runtime/a.wasm", "application/wasm", b"\0asm" * 100_000),
    ],
)
def test_files(running, path, kind, body):
    answer, received = ask(running, path)
    assert (answer.status, answer.headers["Content-Type"], received) == (200, kind, body)
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    answer, received = ask(running, path, "HEAD")
    assert (answer.status, answer.headers["Content-Length"], received) == (200, str(len(body)), b"")


@pytest.mark.parametrize(
    "path",
    [
        *("/runtime", "/runtime/", "/none.js", "/page.js/", "/%00", "//etc/passwd"),
        *("/../secret.txt", "/%2e%2e/secret.txt", "/runtime/../../secret.txt", "/link.txt"),
    ],
)
def test_nothing_but_its_files(running, path):
    answer, body = ask(running, path)
    assert answer.status == 404
    assert b"secret" not in body.replace(b"secret.txt", b"")
    assert b"a.wasm" not in body


def test_other_names_and_methods_are_refused(running):
    assert ask(running, "/", Host="example.org")[0].status == 403
    assert ask(running, "/", Host=f"localhost:{running.server_port}")[0].status == 200
    assert "localhost" in server.hosts(80)
    assert "localhost" not in server.hosts(running.server_port)
    assert ask(running, "/page.js", "POST")[0].status == 501


def test_only_this_machine_is_served(running):
    assert running.server_address[0] == "127.0.0.1"
    assert address(running) == f"http://127.0.0.1:{running.server_port}/"


def test_a_port_in_use(running, tmp_path, monkeypatch):
    said = f"Port {running.server_port} is in use. Give another, or leave it out"
    with pytest.raises(ValueError, match=said), page_server(tmp_path, running.server_port):
        pass
    # Left out, it is the usual one or another.
    monkeypatch.setattr(server, "PORT", running.server_port)
    with page_server(tmp_path) as other:
        assert other.server_port != running.server_port
