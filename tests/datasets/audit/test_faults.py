import pickle

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import inspect_pairs
from deeplab_tf.datasets.audit.faults import BadPair, read_part, wrong_values
from deeplab_tf.datasets.records.pairs import Pair, check_pair, mark_repeated
from deeplab_tf.images import read_mask
from deeplab_tf.labels import LabelSpec

LABELS = LabelSpec(("a", "b", "c"))


def fault(mask: np.ndarray) -> BadPair | None:
    return wrong_values(mask, np.bincount(mask.ravel(), minlength=256) > 0, LABELS, "m.png")


def disc(inside: int) -> np.ndarray:
    rows, columns = np.mgrid[:60, :60]
    return np.where(np.hypot(rows - 30, columns - 30) < 20, inside, 0).astype(np.uint8)


def test_fault_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(BadPair("wrong_values", "m.png", "m.png holds 7", (7,))))
    assert (error.kind, error.file.name, str(error), error.values) == ("wrong_values", "m.png", "m.png holds 7", (7,))


def test_smooth_edges_are_told_from_other_values():
    resized = np.asarray(Image.fromarray(disc(255)).resize((45, 45), Image.Resampling.BILINEAR))
    assert fault(resized).kind == "blurred_mask"
    assert fault(disc(2)) is None
    assert fault(disc(9)).kind == "wrong_values"
    # Many ids of another data set, but over areas.
    patches = np.repeat(np.repeat(np.arange(36, dtype=np.uint8).reshape(6, 6), 10, axis=0), 10, axis=1)
    assert fault(patches).kind == "wrong_values"
    assert fault(patches).values == tuple(range(3, 36))


def test_reader_of_something_else_than_ids(tmp_path):
    def colours(path):
        raise ValueError(f"{path} holds the colour (1, 2, 3), which is no class.")

    Image.new("RGB", (9, 9)).save(tmp_path / "m.png")
    (tmp_path / "m.mat").write_bytes(b"MATLAB")
    for file, read, kind in (
        ("m.png", colours, "unreadable_mask"),
        ("m.png", read_mask, "colour_mask"),
        ("m.mat", colours, "unreadable_mask"),
        ("m.txt", read_mask, "missing_mask"),
    ):
        with pytest.raises(BadPair) as caught:
            read_part(read, tmp_path / file, "mask")
        assert caught.value.kind == kind


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\x", " "])
def test_names_that_lead_out_of_the_folder(tmp_path, name):
    pair = Pair(name, tmp_path / f"{name}.jpg", tmp_path / f"{name}.png")
    assert [found.kind for found in check_pair(pair, LABELS).faults] == ["unsafe_id"]


def test_the_first_of_equal_names_stays(tmp_path):
    pairs = [Pair(name, tmp_path / "x.jpg", tmp_path / "x.png") for name in ("a", "b", "a", "sub/a", "a")]
    assert [pair.repeated for pair in mark_repeated(pairs)] == [False, False, True, False, True]


def test_ids_beyond_what_masks_can_hold_are_a_fault_and_no_crash(tmp_path):
    Image.new("RGB", (50, 40), "white").save(tmp_path / "x.png")
    pair = Pair("x", tmp_path / "x.png", tmp_path / "x.mat", lambda path: np.full((40, 50), 300, np.int64))
    inspection = inspect_pairs({"train": [pair]}, LABELS, tmp_path, workers=1)
    assert [found.kind for found in inspection.findings] == ["wrong_values"]
    assert inspection.unexpected == ((str(tmp_path / "x.mat"), (300,)),)


def test_what_lies_in_place_of_a_missing_file_is_said(tmp_path):
    (tmp_path / "a [1].dng").write_bytes(b"raw")
    with pytest.raises(BadPair, match=r"a \[1\]\.jpg is missing.* There is a \[1\]\.dng, .* save it as \.jpg"):
        read_part(read_mask, tmp_path / "a [1].jpg", "image")
