import json
import zipfile

import pytest

from deeplab_tf.files.reading import reading, reason, shown


@pytest.mark.parametrize(
    "error",
    [
        RecursionError("maximum recursion depth exceeded"),
        OverflowError("too large"),
        KeyError("labels"),
        zipfile.BadZipFile("File is not a zip file"),
        MemoryError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        RuntimeError(),
        OSError(28, "No space left on device"),
        ImportError("no module of this name"),
        ValueError("5,000 digits"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_error_names_the_file(error, tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("{}")
    expected = r"settings\.json cannot be read as a JSON file \(.+\)\. Write it again\."
    with pytest.raises(ValueError, match=expected), reading(path, "a JSON file", "Write it again."):
        raise error


def test_an_error_that_names_the_file_passes(tmp_path):
    with pytest.raises(ValueError, match=r"^a\.json has no classes$"), reading("a.json"):
        raise ValueError("a.json has no classes")


def test_a_missing_file_stays_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone.json"), reading(tmp_path / "gone.json"):
        (tmp_path / "gone.json").read_bytes()


def test_a_missing_file_is_told_plainly(tmp_path):
    path = tmp_path / "gone.txt"
    with pytest.raises(FileNotFoundError) as caught, reading(path):
        path.read_text()
    assert str(caught.value) == f"There is no {path}. Check the path."


def test_a_missing_part_of_a_file_is_damage(tmp_path):
    path = tmp_path / "archive.tar"
    path.touch()
    with pytest.raises(ValueError, match=r"archive\.tar"), reading(path):
        (tmp_path / "unpacked").read_bytes()


def test_an_extra_to_install_is_told():
    with pytest.raises(ImportError, match="pip install"), reading("a.mat"):
        raise ImportError("needs SciPy: pip install 'deeplab-tf[mat]'")


def test_interrupts_pass():
    with pytest.raises(KeyboardInterrupt), reading("a.json"):
        raise KeyboardInterrupt


def test_deep_and_long_json(tmp_path):
    for text in ("[" * 100_000, "9" * 5000):
        with pytest.raises(ValueError, match=r"deep\.json"), reading("deep.json", "a JSON file"):
            json.loads(text)


def test_names_and_reasons_are_one_printable_line():
    assert shown(b"caf\xe9.jpg".decode("utf-8", "surrogateescape")) == "caf\\xe9.jpg"
    assert shown("\ud800.jpg") == "\\ud800.jpg"
    assert reason(RuntimeError("\n first \n second")) == "first"
    assert reason(RuntimeError("")) == "RuntimeError"
    assert len(reason(RuntimeError("x" * 5000))) < 320
