import sys

import numpy as np
import pytest
import scipy.io

from deeplab_tf.datasets.builders.matlab import read_mat

IDS = np.array([[0, 7, 255], [458, 1, 0]])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.mat"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float64])
def test_variable(path, kind, compressed):
    scipy.io.savemat(path, {"LabelMap": IDS.astype(kind), "other": 1}, do_compression=compressed)
    found = read_mat(path, "LabelMap")
    np.testing.assert_array_equal(found, IDS)
    assert found.dtype == (np.int64 if kind == np.float64 else kind)


@pytest.mark.parametrize("ids", [IDS[:1].astype(np.uint8), IDS[:, :1].astype(np.uint8), np.uint8([[3]])])
def test_field_of_a_struct_keeps_its_two_axes(path, ids):
    scipy.io.savemat(path, {"GTcls": {"Segmentation": ids, "CategoriesPresent": [1, 2]}})
    np.testing.assert_array_equal(read_mat(path, "GTcls.Segmentation"), ids, strict=True)


@pytest.mark.parametrize(
    "content, message",
    [
        ({"GTinst": {"Segmentation": IDS}}, r"x\.mat is a \.mat of another layout.*the file has \['GTinst'\]"),
        ({"GTcls": {"Boundaries": IDS}}, r"expected GTcls\.Segmentation, but GTcls has \['Boundaries'\]"),
        ({"GTcls": IDS}, "GTcls has no fields"),
        ({"GTcls": {"Segmentation": "text"}}, "expected a matrix of whole numbers"),
        ({"GTcls": {"Segmentation": IDS + 0.5}}, r"Segmentation is float64 \[2, 3\]"),
        ({"GTcls": {"Segmentation": np.full((2, 2), np.nan)}}, "is float64"),
        ({"GTcls": {"Segmentation": np.zeros((2, 2, 2), int)}}, r"int64 \[2, 2, 2\]"),
        ({"GTcls": {"Segmentation": np.zeros((0, 0), int)}}, r"int64 \[0, 0\]"),
    ],
)
def test_another_layout_says_what_is_there(path, content, message):
    scipy.io.savemat(path, content)
    with pytest.raises(ValueError, match=message):
        read_mat(path, "GTcls.Segmentation")


def test_damage_at_any_byte_is_no_other_error(path):
    scipy.io.savemat(path, {"LabelMap": IDS.astype(np.uint16)}, do_compression=True)
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"x\.mat"):
            read_mat(path, "LabelMap")


def test_newer_format_and_missing_file(path):
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with pytest.raises(ValueError, match=r"x\.mat is in MATLAB's 7\.3 format .*-v7"):
        read_mat(path, "LabelMap")
    with pytest.raises(FileNotFoundError):
        read_mat(path.with_name("y.mat"), "LabelMap")


def test_without_scipy_the_extra_is_named(path, monkeypatch):
    path.touch()
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ImportError, match=r"pip install 'deeplab-tf\[mat\]'"):
        read_mat(path, "LabelMap")


def test_elements_that_do_not_fit_are_refused_before_scipy_sees_them(path, monkeypatch):
    # SciPy ends the process at some of these, so it must not be asked.
    monkeypatch.setattr(scipy.io, "loadmat", lambda *a, **k: pytest.fail("SciPy was asked"))
    scipy.io.savemat(path, {"GTcls": {"Segmentation": IDS.astype(np.uint16), "Cells": np.array([[1, "a"]], object)}})
    sound, two_by_three = path.read_bytes(), b"\x02\x00\x00\x00\x03\x00\x00\x00"
    for damage, reason in (
        (sound[:-9], "leaves its place"),
        (sound[:128] + b"\x63" + sound[129:], "unknown type 99"),
        (sound.replace(two_by_three, two_by_three.replace(b"\x03", b"\x04"), 1), "matrix of 8 values"),
        (sound[:126] + b"??" + sound[128:], "order of bytes"),
        (sound[:128] + b"\x0f" + sound[129:], "compressed element is damaged"),
    ):
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=rf"x\.mat cannot be read as a MATLAB file .*{reason}"):
            read_mat(path, "GTcls.Segmentation")


def test_sparse_matrices_are_let_through_unless_they_leave_their_sides(tmp_path):
    path = tmp_path / "a.mat"
    lowest_row = scipy.sparse.csc_matrix(np.array([[0, 0, 0], [0, 0, 0], [1, 1, 1]], np.uint8))
    scipy.io.savemat(path, {"Boundaries": lowest_row, "LabelMap": np.eye(3, dtype=np.uint8)})
    np.testing.assert_array_equal(read_mat(path, "LabelMap"), np.eye(3))
    rows, beyond = (np.array(values, "<i4").tobytes() for values in ([2, 2, 2], [2, 9, 2]))
    assert path.read_bytes().count(rows) == 1
    path.write_bytes(path.read_bytes().replace(rows, beyond))
    with pytest.raises(ValueError, match=r"a\.mat .*a sparse matrix lists values outside its sides"):
        read_mat(path, "LabelMap")
