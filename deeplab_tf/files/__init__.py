"""Files and folders: written whole or not at all, locked while they are, read with care."""

from deeplab_tf.files.writing import (
    check_output_file,
    check_writable,
    clear_leftovers,
    read_json,
    recover,
    remove,
    replacing,
    sync,
    temporary_beside,
    to_disk,
    working_folder,
    write_json,
)

__all__ = [
    "check_output_file",
    "check_writable",
    "clear_leftovers",
    "read_json",
    "recover",
    "remove",
    "replacing",
    "sync",
    "temporary_beside",
    "to_disk",
    "working_folder",
    "write_json",
]
