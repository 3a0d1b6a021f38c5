"""Downloads from a server on this machine: resumed, refused, cut off, interrupted."""

import contextlib
import hashlib
import os
import threading
import urllib.request

import numpy as np
import pytest

from deeplab_tf.files.disk import DiskFull
from deeplab_tf.weights.zoo import download as module
from deeplab_tf.weights.zoo.download import cache_folder, download
from harness.file_limit import largest_file
from harness.http_files import served

CONTENT = np.random.default_rng(0).bytes(2_500_000)


@pytest.fixture
def server():
    with served(CONTENT) as (url, files):
        yield url, files


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "model.tar.gz"


def left(path):
    return sorted(found.name for found in path.parent.iterdir())


def test_file_comes_whole_and_alone(server, path):
    assert download(server[0], path, megabytes=2.5) == path
    assert path.read_bytes() == CONTENT
    assert left(path) == ["model.tar.gz", "model.tar.gz.sha256"]


def test_cut_connections_are_gone_on_with(server, path):
    url, files = server
    files.cuts = [1_200_000, 700_000]
    assert download(url, path).read_bytes() == CONTENT
    assert files.requests == [None, "bytes=1200000-", "bytes=1900000-"]


def test_server_that_does_not_resume_starts_over(server, path):
    url, files = server
    files.ranges, files.cuts = False, [1_200_000]
    assert download(url, path).read_bytes() == CONTENT
    assert files.requests == [None, "bytes=1200000-"]


def test_connection_that_brings_nothing_more_ends_with_what_came(server, path):
    url, files = server
    files.cuts = [1_200_000, 0]
    with pytest.raises(
        ConnectionError, match=r"ended early; .*model\.tar\.gz\.part is kept, and the next call goes on"
    ):
        download(url, path)
    assert left(path) == ["model.tar.gz.part"]
    assert download(url, path).read_bytes() == CONTENT
    assert files.requests[-1] == "bytes=1200000-"


def test_ctrl_c_keeps_what_came(server, path, monkeypatch):
    url, files = server
    chunks = module._chunks

    def interrupted(response):
        yield next(chunks(response))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_chunks", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"model\.tar\.gz\.part is kept; the same call goes on"):
        download(url, path)
    assert path.with_name("model.tar.gz.part").read_bytes() == CONTENT[: module.MEGABYTE]
    monkeypatch.undo()
    assert download(url, path).read_bytes() == CONTENT
    assert files.requests == [None, "bytes=1000000-"]


def test_complete_part_is_taken_and_one_too_long_is_not(server, path):
    part = path.with_name("model.tar.gz.part")
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    assert download(server[0], path).read_bytes() == CONTENT
    part.write_bytes(CONTENT + b"more")
    assert download(server[0], path).read_bytes() == CONTENT


def test_web_page_in_place_of_the_file_is_refused(server, path):
    with pytest.raises(ConnectionError, match=r"2\.5 MB there, but was published with 439 MB.*Fetch .* by hand"):
        download(server[0], path, megabytes=439)
    assert left(path) == []


def test_missing_file_says_what_to_do_by_hand(server, path):
    url, files = server
    files.status = 404
    with pytest.raises(ConnectionError) as caught:
        download(url, path)
    message = str(caught.value)
    assert f"Cannot download {url}: the server says 404 Not Found." in message
    assert f"by hand and put it at {path}" in message
    assert 'load_released("model.tar.gz")' in message
    assert "\n" not in message
    assert left(path) == []


def test_no_server_is_one_line(path):
    with pytest.raises(ConnectionError, match=r"Cannot download http://127\.0\.0\.1:9/x: .*refused"):
        download("http://127.0.0.1:9/x", path)


def test_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="Cannot write to"):
        download(server[0], tmp_path / "file" / "model.tar.gz")


def test_cache_lies_in_keras_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "models" / "deeplab_tf"
    assert cache_folder().is_dir()


def test_two_downloads_at_once_leave_one_whole_file(server, path):
    url, files = server
    got, errors = [], []
    # One that began after another's end would rightly download again.
    together = threading.Barrier(4)

    def fetch():
        together.wait()
        try:
            got.append(download(url, path).read_bytes() == CONTENT)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (got, errors) == ([True] * 4, [])
    assert len(files.requests) == 1
    assert left(path) == ["model.tar.gz", "model.tar.gz.sha256"]


def test_without_locks_two_downloads_use_two_names(server, path, monkeypatch):
    names, fetch = [], module._fetch
    monkeypatch.setattr(module, "locked", lambda *_, **__: contextlib.nullcontext(False))
    monkeypatch.setattr(module, "_fetch", lambda url, part, size: names.append(part) or fetch(url, part, size))
    for _ in range(2):
        assert download(server[0], path).read_bytes() == CONTENT
    assert len(set(names)) == 2


def test_published_sum_is_compared(server, path):
    assert download(server[0], path, sha256=hashlib.sha256(CONTENT).hexdigest()) == path
    path.unlink()
    with pytest.raises(ConnectionError, match=r"its SHA-256 is [0-9a-f]{64}, and 0{64} was published.*by hand"):
        download(server[0], path, sha256="0" * 64)
    assert not path.exists()
    assert not path.with_name("model.tar.gz.part").exists()


def test_first_download_is_trusted_and_others_are_compared_with_it(server, path):
    url, files = server
    download(url, path)
    kept = path.with_name("model.tar.gz.sha256")
    assert kept.read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  model.tar.gz\n"
    path.unlink()
    files.content = CONTENT[:-1] + b"x"
    with pytest.raises(ConnectionError, match=r"that of the first download was .*If you trust it, delete .*\.sha256"):
        download(url, path)
    assert not path.exists()
    kept.unlink()
    assert download(url, path).read_bytes() == files.content


def test_encrypted_address_is_not_left_for_a_plain_one():
    request = urllib.request.Request("https://publisher.example/x")
    handler = module._NeverLessSafe()
    with pytest.raises(ConnectionError, match="sends on to http://elsewhere.example/x, which is not encrypted"):
        handler.redirect_request(request, None, 302, "Found", {}, "http://elsewhere.example/x")
    assert handler.redirect_request(request, None, 302, "Found", {}, "https://elsewhere.example/x").type == "https"


@pytest.fixture
def unwritable_home(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file, no folder")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary" / ".keras"


@pytest.mark.skipif(os.name != "posix", reason="there are no owners and modes")
def test_temporary_cache_is_private(unwritable_home):
    assert cache_folder() == unwritable_home / "models" / "deeplab_tf"
    assert unwritable_home.stat().st_mode & 0o777 == 0o700
    unwritable_home.chmod(0o777)
    with pytest.raises(ValueError, match=r"\.keras belongs to another user or may be written by others.*KERAS_HOME"):
        cache_folder()


@pytest.mark.skipif(os.name != "posix", reason="there are no owners and modes")
def test_temporary_cache_of_another_owner_is_refused(unwritable_home, monkeypatch):
    unwritable_home.mkdir(mode=0o755)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ValueError, match="belongs to another user"):
        cache_folder()


@pytest.mark.skipif(os.name != "posix", reason="there are no owners and modes")
def test_link_in_place_of_the_temporary_cache_is_refused(unwritable_home, tmp_path):
    unwritable_home.symlink_to(tmp_path)
    with pytest.raises(ValueError, match="belongs to another user"):
        cache_folder()


def test_full_disk_is_no_fault_of_the_connection(server, path):
    with largest_file(1_500_000), pytest.raises(DiskFull, match=r"model\.tar\.gz could not be written: .*Make room"):
        download(server[0], path)
    assert left(path) == ["model.tar.gz.part"]
    assert download(server[0], path).read_bytes() == CONTENT
