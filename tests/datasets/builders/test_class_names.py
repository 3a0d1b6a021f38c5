import pytest

from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.labels import voc_colors


def test_names_colours_comments_and_empty_lines(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("# aerial\nfield\n\nwide road 128 64 128  # and tracks\nlake 7\n", encoding="utf-8-sig")
    spec = read_class_names(path, ignore_label=9)
    assert spec.names == ("field", "wide road", "lake 7")
    assert spec.colors == (voc_colors(3)[0], (128, 64, 128), voc_colors(3)[2])
    assert spec.ignore_label == 9


@pytest.mark.parametrize(
    "content, message",
    [
        (b"only\n", "Received one class, 'only'"),
        (b"a\na\n", "unique"),
        (b"a 1 2 256\nb\n", "0-255"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"a 1 2 " + b"3" * 5000 + b"\nb\n", "cannot be read as the class names"),
        ("a 1 2 \u00b2\nb\n".encode(), "cannot be read as the class names"),
    ],
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"names\.txt.*{message}"):
        read_class_names(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.txt"):
        read_class_names(tmp_path / "none.txt")
    with pytest.raises(FileNotFoundError, match=r"no file camvid, which is the name of a label set\. Give a text file"):
        read_class_names("camvid")
