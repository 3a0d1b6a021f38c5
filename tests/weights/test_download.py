"""Downloads from a server on this machine: resumed, refused, cut off, interrupted."""

import numpy as np
import pytest
from http_files import served

from deeplab_tf.weights import download as module
from deeplab_tf.weights.download import cache_folder, download

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
    assert left(path) == ["model.tar.gz"]


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
