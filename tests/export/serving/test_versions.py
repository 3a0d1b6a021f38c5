import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deeplab_tf.export import export_saved_model
from deeplab_tf.export.serving.versions import next_version
from deeplab_tf.files import replacing
from deeplab_tf.weights.formats.exported import is_version, versions
from harness.killed import at_rename_in_fork


def write(folder, wait=lambda: None):
    """Writes a version as an export does; its number."""
    with next_version(folder) as path, replacing(path) as temporary:
        wait()
        temporary.mkdir()
        (temporary / "saved_model.pb").write_text(path.name)
    return int(path.name)


def test_numbers_go_on_above_the_highest_whatever_else_is_there(tmp_path):
    served = tmp_path / "new" / "served"
    assert [write(served), write(served)] == [1, 2]
    (served / "9").mkdir()
    for other in ("client.py", "0x20", "012", "-3", "20.old"):
        (served / other).write_text("")
    assert write(served) == 10
    assert versions(served) == [1, 2, 9, 10]
    assert [name for name in ("0", "12", "٣", "1 ", "") if is_version(name)] == ["0", "12"]


def test_exports_at_the_same_time_get_numbers_of_their_own(tmp_path):
    together = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(write, tmp_path / "served", together.wait) for _ in range(3)]
    assert sorted(each.result() for each in found) == [1, 2, 3]
    assert sorted(path.name for path in (tmp_path / "served").iterdir()) == ["1", "2", "3"]


def test_a_version_that_ends_while_the_next_is_counted_is_not_replaced(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setattr("deeplab_tf.export.serving.versions.versions", lambda folder: [])
    assert write(tmp_path) == 2


def test_a_kill_leaves_no_version_and_the_next_export_clears_up(tmp_path):
    served = tmp_path / "served"
    assert at_rename_in_fork(1, lambda: write(served))
    assert versions(served) == []
    assert write(served) == 1
    assert [path.name for path in served.iterdir()] == ["1"]


def test_a_failure_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), next_version(tmp_path / "served"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("made", ["saved_model.pb", None])
def test_where_no_versions_can_be(tmp_path, made):
    served = tmp_path / "served"
    if made:
        served.mkdir()
        (served / made).write_text("")
    else:
        served.write_text("a file")
    expected = "served is itself a SavedModel.*--overwrite" if made else "Cannot write to .*served"
    with pytest.raises(ValueError, match=expected):
        export_saved_model("model.keras", served, versioned=True)


def test_an_export_that_is_no_version_does_not_touch_versions(tmp_path):
    write(tmp_path / "served")
    with pytest.raises(ValueError, match=r"served holds versions, up to 1\. .*--versioned"):
        export_saved_model("model.keras", tmp_path / "served", overwrite=True)
    for versioned in (False, True):
        with pytest.raises(ValueError, match="1 exists. Choose another path"):
            export_saved_model("model.keras", tmp_path / "served/1", versioned=versioned)
    assert (tmp_path / "served/1/saved_model.pb").read_text() == "1"
