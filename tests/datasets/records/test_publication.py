"""Publishing at file level: after a kill at any rename all files are the old ones, or all are the new ones."""

import itertools
import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deeplab_tf.datasets.records.publication import NEW, PUBLISHING, finish_publication, publish_files
from deeplab_tf.files import working_folder
from deeplab_tf.files.locks import locked_folder
from harness.killed import at_rename_in_fork

OLD_FILES = ["dataset.json", "train-0-of-2", "train-1-of-2"]


def version(folder, names, content):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(content)


def publish(folder, new, content="new"):
    with working_folder(folder / "shards") as staging:
        version(staging / NEW, new, content)
        with locked_folder(folder, "a test", wait=True):
            finish_publication(folder)
            old = [name for name in OLD_FILES if (folder / name).exists()]
            publish_files(staging, folder, old, new)


def found(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize(
    "new",
    [["train-0-of-2", "train-1-of-2", "dataset.json"], ["train-0-of-1", "dataset.json"]],
    ids=["same names", "other names"],
)
@pytest.mark.parametrize("old", [OLD_FILES, []], ids=["over an old one", "first"])
def test_kill_at_any_rename_leaves_one_whole_version(tmp_path, old, new):
    outcomes = []
    for number in range(1, 20):
        folder = tmp_path / str(number)
        version(folder, [*old, "val-0-of-1"], "old")
        if not at_rename_in_fork(number, lambda folder=folder: publish(folder, new)):
            break
        finish_publication(folder)
        before, after = dict.fromkeys(old, "old"), dict.fromkeys(new, "new")
        kept = {"val-0-of-1": "old"}
        assert found(folder) in (before | kept, after | kept)
        outcomes.append(found(folder) == after | kept)
        # The next one clears up.
        publish(folder, new)
        assert {path.name for path in folder.iterdir()} == {*new, "val-0-of-1"}
    # Of the list of moves, of the journal, of each file, of the journal's end.
    assert number - 1 == 3 + len(old) + len(new)
    assert outcomes == sorted(outcomes)
    assert outcomes[0] is False
    assert outcomes[-1] is True


@pytest.mark.parametrize("first", range(3, 10))
def test_kill_while_recovering_from_a_kill(tmp_path, first):
    new = ["train-0-of-2", "train-1-of-2", "dataset.json"]
    for second in range(1, 10):
        folder = tmp_path / str(second)
        version(folder, OLD_FILES, "old")
        assert at_rename_in_fork(first, lambda folder=folder: publish(folder, new))
        again = at_rename_in_fork(second, lambda folder=folder: finish_publication(folder))
        finish_publication(folder)
        assert found(folder) == dict.fromkeys(new, "new")
        if not again:
            break
    assert second == 11 - first


def test_readers_wait_for_a_living_publication_and_two_recover_together(tmp_path):
    new = ["train-0-of-1", "dataset.json"]
    for number in range(5):
        folder = tmp_path / str(number)
        version(folder, OLD_FILES, "old")
        assert at_rename_in_fork(4, lambda folder=folder: publish(folder, new))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(finish_publication, [folder] * 4))
        assert found(folder) == dict.fromkeys(new, "new")


def test_journal_moves_nothing_out_of_its_folder(tmp_path):
    folder, outside = tmp_path / "records", tmp_path / "precious"
    outside.write_text("mine")
    version(folder, OLD_FILES, "old")
    version(folder / PUBLISHING / NEW, ["a"], "new")
    (folder / PUBLISHING / "old").mkdir()
    (folder / PUBLISHING / "moves.json").write_text(json.dumps({"old": ["../precious"], "new": ["a"]}))
    finish_publication(folder)
    assert outside.read_text() == "mine"
    assert found(folder)["a"] == "new"


def test_damaged_list_of_moves_is_named_and_nothing_is_moved(tmp_path):
    version(tmp_path, OLD_FILES, "old")
    version(tmp_path / PUBLISHING, ["moves.json"], "{")
    with pytest.raises(ValueError, match=r"moves\.json cannot be read"):
        finish_publication(tmp_path)
    assert found(tmp_path) == dict.fromkeys(OLD_FILES, "old")


def test_random_kills_never_mix_versions(tmp_path):
    """The moments are drawn by a seed; benchmarks/kill_anything.py does the same to whole commands."""
    generator, new = random.Random(0), ["train-0-of-2", "train-1-of-2", "dataset.json"]
    version(tmp_path, OLD_FILES, "old")
    for kill in range(30):
        pid = os.fork()
        if pid == 0:
            try:
                for number in itertools.count():
                    publish(tmp_path, new, f"{kill}/{number}")
            finally:
                os._exit(1)
        time.sleep(generator.uniform(0.005, 0.08))
        os.kill(pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        finish_publication(tmp_path)
        assert found(tmp_path).keys() == set(OLD_FILES)
        assert len(set(found(tmp_path).values())) == 1
    publish(tmp_path, new)
    assert {path.name for path in tmp_path.iterdir()} == set(new)
