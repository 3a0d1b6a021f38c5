"""Writing in one move: what is left after errors and kills."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deeplab_tf.files import check_output_file, check_writable, read_json, replacing, write_json

WRITE_AND_HANG = """
import sys, time
from deeplab_tf.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary.name, flush=True)
    time.sleep(60)
"""


def test_a_file_is_replaced_and_its_parent_made(tmp_path):
    path = tmp_path / "deep" / "report.txt"
    for text in ("old", "new"):
        with replacing(path) as temporary:
            assert (temporary.parent, temporary.suffix) == (path.parent, ".txt")
            assert not temporary.exists()
            temporary.write_text(text)
        assert path.read_text() == text
    assert [left.name for left in path.parent.iterdir()] == ["report.txt"]


def test_a_folder_is_replaced(tmp_path):
    path = tmp_path / "exported"
    for name in ("old", "new"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text("")
    assert [left.name for left in path.iterdir()] == ["new"]
    assert [left.name for left in tmp_path.iterdir()] == ["exported"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_leaves_the_old_file_and_the_next_write_clears_up(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("old")
    writer = subprocess.Popen([sys.executable, "-c", WRITE_AND_HANG, str(path)], stdout=subprocess.PIPE, text=True)
    assert (tmp_path / writer.stdout.readline().strip()).read_text() == "half"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    assert path.read_text() == "old"
    with replacing(path) as temporary:
        temporary.write_text("third")
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_wait_for_each_other(tmp_path):
    path = tmp_path / "report.txt"

    def write(number):
        with replacing(path) as temporary:
            temporary.write_text(str(number))
            assert [left.name for left in tmp_path.glob(".*partial*")] == [temporary.name]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x.old-1", "x.partial-2.keras", "n" * 255, "caf\udce9"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_names_that_look_like_ours_and_longest_names(tmp_path, name, kind):
    path = tmp_path / name
    for _ in range(2):
        with replacing(path) as temporary:
            temporary.mkdir() if kind == "folder" else temporary.touch()
    assert list(tmp_path.iterdir()) == [path]


def test_json_round_trip(tmp_path):
    value = {"a": [1, 2.5, None, "ü"]}
    write_json(tmp_path / "value.json", value)
    assert read_json(tmp_path / "value.json") == value
    assert json.loads((tmp_path / "value.json").read_text(encoding="utf-8")) == value


@pytest.mark.parametrize(
    "content",
    [b"", b'{"a": ', b"\xff\xfe\x00", '"行人"'.encode("gbk"), b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000],
    ids=["empty", "cut", "UTF-16", "GBK", "deep list", "deep object", "5000 digits"],
)
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "value.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"value\.json cannot be read as a JSON file"):
        read_json(tmp_path / "value.json")


def test_json_with_a_byte_order_mark(tmp_path):
    (tmp_path / "value.json").write_bytes('{"a": "猫"}'.encode("utf-8-sig"))
    assert read_json(tmp_path / "value.json") == {"a": "猫"}


def test_missing_json_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "gone.json")


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    assert check_writable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("path", ["file", "file/below", "/proc/run"])
def test_an_unwritable_folder_is_named(tmp_path, path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=rf"Cannot write to .*{path}.*Choose a folder that you may write to"):
        check_writable(tmp_path / path)


def test_a_file_never_takes_the_place_of_a_folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "kept.txt").write_text("mine")
    with pytest.raises(ValueError, match="photos is a folder; expected the name of a file to write"):
        write_json(folder, {})
    assert (folder / "kept.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_an_output_is_none_of_the_inputs(tmp_path):
    model = tmp_path / "model.keras"
    model.write_text("weights")
    check_output_file(tmp_path / "next.csv", [model, tmp_path / "missing"])
    check_output_file(tmp_path / "new/next.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    with pytest.raises(ValueError, match=r"model\.keras is one of the inputs and would be replaced"):
        check_output_file(tmp_path / "." / "model.keras", [model])
    with pytest.raises(ValueError, match="is a folder; expected"):
        check_output_file(tmp_path, [model])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Only Linux has a folder in which nothing can be made")
def test_a_folder_in_which_nothing_can_be_made_is_refused():
    with pytest.raises(ValueError, match="/proc"):
        write_json("/proc/q.json", {})
