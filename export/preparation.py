"""What every export does first: read the model, check that the output may be written, describe the model."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from deeplab_tf.files import check_writable, clear_leftovers, recover
from deeplab_tf.files.locks import locked
from deeplab_tf.images.scaling import sizes_unlogged
from deeplab_tf.models import SegmentationModel, check_rgb
from deeplab_tf.weights import identify

# The side of the released models' canvas, for models that have none.
DEFAULT_SIDE = 513


def model_to_export(model_or_path: SegmentationModel | str | os.PathLike) -> SegmentationModel:
    """The model, or the one in a file or run folder, with logits at full resolution.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If it is not a model of this package, or one of images that are not RGB.
    """
    is_model = isinstance(model_or_path, SegmentationModel)
    model = model_or_path if is_model else identify(model_or_path).load()
    check_rgb(model, "An exported model")
    return model if model.settings["upsample_logits"] else model.rebuild(upsample_logits=True)


@contextlib.contextmanager
def exporting(output: str | os.PathLike, overwrite: bool, is_export: Callable[[Path], bool]) -> Iterator[Path]:
    """Proves, before any long work, that `output` can be written, and locks it for the block.

    Args:
        output: The file or folder.
        overwrite: Whether an existing one may be replaced.
        is_export: Whether what is there is an export of the same kind; anything else is never replaced.

    Yields:
        `output` as a path.

    Raises:
        ValueError: If something is there that may not be replaced, another process exports to it, or the folder
            cannot be written.
    """
    output = Path(output)
    recover(output)
    with locked(output, "an export") as lock:
        if lock.after_kill:
            clear_leftovers(output)
        if output.exists() and not is_export(output):
            raise ValueError(f"{output} exists and is not an export of this kind. Choose another path.")
        if output.exists() and not overwrite:
            raise ValueError(f"{output} exists. Choose another path, or replace it with --overwrite (overwrite=True).")
        check_writable(output.parent)
        # The report has the agreement on images that are scaled.
        with sizes_unlogged():
            yield output


def description(model: SegmentationModel, **more) -> dict:
    """What an export carries besides its graph, JSON-ready."""
    return {
        "format": "deeplab-tf",
        "labels": model.labels.to_dict(),
        "output_stride": model.output_stride,
        "pad_value": list(model.pad_value),
        "image_size": model.image_size and list(model.image_size),
        **more,
    }
