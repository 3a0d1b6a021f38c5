"""Archives, good and hostile."""

import gzip
import io
import os
import tarfile

import pytest

from deeplab_tf import load_released
from deeplab_tf.files.disk import DiskFull
from deeplab_tf.weights.formats import archive as module
from deeplab_tf.weights.formats.archive import DamagedArchive, unpacked
from harness.file_limit import largest_file

CHECKPOINT = {"model/model.ckpt.index": b"index", "model/model.ckpt.data-00000-of-00001": b"data" * 1000}
GRAPH = {"model/frozen_inference_graph.pb": b"graph"}


def archive(path, files, *links):
    with tarfile.open(path, "w:gz") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
        for link in links:
            made.addfile(link)
    return path


def test_checkpoint_comes_before_the_graph(tmp_path):
    path = archive(tmp_path / "model.tar.gz", {**GRAPH, **CHECKPOINT, "model/readme.txt": b"hello"})
    with unpacked(path) as found:
        assert (found.parent.name, found.name) == ("model", "model.ckpt")
        assert found.with_name("model.ckpt.index").read_bytes() == b"index"
        assert found.with_name("model.ckpt.data-00000-of-00001").read_bytes() == b"data" * 1000
        assert not found.with_name("readme.txt").exists()
        folder = found.parent.parent
    assert not folder.exists()


def test_graph_serves_where_there_is_no_whole_checkpoint(tmp_path):
    index_only = {"model/model.ckpt.index": b"index", **GRAPH}
    with unpacked(archive(tmp_path / "model.tgz", index_only)) as found:
        assert found.name == "frozen_inference_graph.pb"


def test_of_several_checkpoints_the_named_or_the_last_is_taken(tmp_path):
    files = {}
    for step in (900, 30000):
        files |= {f"m/model.ckpt-{step}.index": b"", f"m/model.ckpt-{step}.data-00000-of-00001": b""}
    path = archive(tmp_path / "model.tar.gz", files)
    for wanted, expected in (
        (None, "model.ckpt-30000"),
        ("m/model.ckpt-900", "model.ckpt-900"),
        ("m/x", "model.ckpt-30000"),
    ):
        with unpacked(path, wanted) as found:
            assert found.name == expected


@pytest.mark.parametrize("name", ["../model.ckpt.index", "/tmp/model.ckpt.index", "a/../../b.index", "a\\..\\b.index"])
def test_paths_out_of_the_folder_are_refused(tmp_path, name):
    path = archive(tmp_path / "bad.tar.gz", {**CHECKPOINT, name: b"x"})
    with pytest.raises(ValueError, match=r"bad\.tar\.gz holds .* a path that leads out of its folder"), unpacked(path):
        pass
    assert [found.name for found in tmp_path.iterdir()] == ["bad.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    link = tarfile.TarInfo("model/model.ckpt.index")
    link.type, link.linkname = kind, "/etc/passwd"
    path = archive(tmp_path / "bad.tar.gz", {}, link)
    with (
        pytest.raises(ValueError, match=r"bad\.tar\.gz holds 'model/model\.ckpt\.index', a link or a device"),
        unpacked(path),
    ):
        pass


@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.98])
def test_cut_off_archive_is_named(tmp_path, part):
    whole = archive(tmp_path / "whole.tar.gz", {**CHECKPOINT, "model/big.pb": bytes(range(256)) * 400}).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(DamagedArchive, match=r"cut\.tar\.gz is cut off"), unpacked(tmp_path / "cut.tar.gz"):
        pass


def test_changed_content_is_found_by_its_checksum(tmp_path):
    path = archive(tmp_path / "mixed.tar.gz", CHECKPOINT)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedArchive, match=r"mixed\.tar\.gz is cut off"), unpacked(path):
        pass


def test_web_page_is_no_archive(tmp_path):
    (tmp_path / "page.tar.gz").write_text("<html>not found</html>")
    with (
        pytest.raises(DamagedArchive, match=r"page\.tar\.gz is cut off or no \.tar\.gz"),
        unpacked(tmp_path / "page.tar.gz"),
    ):
        pass


def test_archive_without_a_model_says_what_it_has(tmp_path):
    path = archive(tmp_path / "other.tar.gz", {"notes.txt": b"hello"})
    with pytest.raises(ValueError, match=r"other\.tar\.gz holds neither a checkpoint.*notes\.txt"), unpacked(path):
        pass


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.tar\.gz"), unpacked(tmp_path / "absent.tar.gz"):
        pass


def sparse_archive(path, kind):
    """A terabyte of nothing, in a hundred bytes."""
    member = tarfile.TarInfo("model/model.ckpt.data-00000-of-00001")
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT if kind == "gnu" else tarfile.PAX_FORMAT))
    if kind == "gnu":
        header[156:157] = tarfile.GNUTYPE_SPARSE
        header[386:398], header[398:410] = b"00000000000\0", b"00000000000\0"
        header[483:495] = b"\x80" + (1 << 40).to_bytes(11, "big")
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
        path.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
        return path
    member.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": f"{1 << 40},0"}
    return archive(path, {}, member)


@pytest.mark.parametrize("kind", ["gnu", "pax"])
def test_sparse_terabyte_is_refused_before_unpacking(tmp_path, kind):
    path = sparse_archive(tmp_path / "bomb.tar.gz", kind)
    assert path.stat().st_size < 400
    with pytest.raises(ValueError, match=r"bomb\.tar\.gz holds .*, a sparse file.*from its publisher"), unpacked(path):
        pass


def test_more_than_any_model_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    path = archive(tmp_path / "bomb.tar.gz", {"model/readme.txt": bytes(1 << 21), **CHECKPOINT})
    with pytest.raises(ValueError, match=r"bomb\.tar\.gz holds more than 0 GiB"), unpacked(path):
        pass


def test_long_header_is_refused_before_it_is_read(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    with (
        pytest.raises(ValueError, match=r"bomb\.tar\.gz holds a header of 8589934592 bytes"),
        unpacked(tmp_path / "bomb.tar.gz"),
    ):
        pass


def test_errors_name_the_archive_and_not_where_it_was_unpacked(tmp_path):
    path = archive(tmp_path / "model.tar.gz", CHECKPOINT)
    with pytest.raises(ValueError, match=r"model\.tar\.gz: model/model\.ckpt\.index") as caught:
        load_released(path)
    assert "deeplab_tf-" not in str(caught.value)


def test_what_a_killed_run_unpacked_is_cleared(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    kept, old = (tmp_path / "temporary" / f"deeplab_tf-{name}" for name in ("young", "old"))
    for folder in (kept, old):
        folder.mkdir(parents=True)
        (folder / "model.ckpt.index").write_bytes(b"")
    os.utime(old, (0, 0))
    with unpacked(archive(tmp_path / "model.tar.gz", CHECKPOINT)) as found:
        # Another one at the same time leaves this one alone, however old it looks.
        os.utime(found.parent.parent, (0, 0))
        with unpacked(tmp_path / "model.tar.gz"):
            assert found.with_name("model.ckpt.index").is_file()
    assert [left.name for left in (tmp_path / "temporary").iterdir()] == [kept.name]


def test_full_disk_is_no_damage(tmp_path):
    path = archive(tmp_path / "model.tar.gz", {**CHECKPOINT, "model/model.ckpt.data-00000-of-00001": os.urandom(9000)})
    message = r"model\.tar\.gz is not unpacked: .*deeplab_tf-\w+ could not be written: the file would be larger"
    with largest_file(4096), pytest.raises(DiskFull, match=message), unpacked(path):
        pass
