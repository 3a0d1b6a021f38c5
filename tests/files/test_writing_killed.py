"""Kills at every rename of a replacement: the old version or the new one is there, whole, and nothing else stays."""

import subprocess
import sys

import pytest

from deeplab_tf.files import recover, replacing
from harness.killed import at_rename

REPLACE = """
import sys
from pathlib import Path
from deeplab_tf.files import replacing
path = Path(sys.argv[1])
with replacing(path) as temporary:
    if sys.argv[2] == "folder":
        temporary.mkdir()
    (temporary / "content" if sys.argv[2] == "folder" else temporary).write_text("new")
"""


def content(path):
    return (path / "content" if path.is_dir() else path).read_text()


def old_version(path, kind):
    if kind == "folder":
        path.mkdir()
    (path / "content" if kind == "folder" else path).write_text("old")


@pytest.mark.parametrize("kind, renames", [("file", 1), ("folder", 2)])
@pytest.mark.parametrize("reader", ["recover", "next write"])
def test_nothing_is_lost(tmp_path, kind, renames, reader):
    for rename in range(1, renames + 2):
        folder = tmp_path / str(rename)
        folder.mkdir()
        path = folder / "output"
        old_version(path, kind)
        killed = at_rename(rename, [sys.executable, "-c", REPLACE, str(path), kind])
        assert killed == (rename <= renames)
        if reader == "recover":
            recover(path)
            assert content(path) in ("old", "new")
        else:
            with pytest.raises(RuntimeError), replacing(path):
                raise RuntimeError("before anything is written")
            assert content(path) in ("old", "new")
            assert [left.name for left in folder.iterdir()] == ["output"]


def test_recover_leaves_alone_what_a_living_writer_is_about(tmp_path):
    path = tmp_path / "output"
    with replacing(path) as temporary:
        recover(path)
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_harness_kills_at_the_rename_that_it_is_told(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    source.touch()
    code = f"import os; os.rename({str(source)!r}, {str(target)!r}); print('after', flush=True)"
    assert at_rename(1, [sys.executable, "-c", code])
    assert source.exists()
    assert not at_rename(2, [sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    assert target.exists()
