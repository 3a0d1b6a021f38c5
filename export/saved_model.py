"""Export to a SavedModel: images of any size or files of them in, labels or probabilities out, without this package."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number
from deeplab_tf.export.parity import (
    MIN_AGREEMENT,
    compare,
    compare_large,
    comparison_images,
    fitting_and_large,
    require_agreement,
)
from deeplab_tf.export.preparation import DEFAULT_SIDE, description, exporting, model_to_export
from deeplab_tf.export.report import ExportReport, size_in_bytes
from deeplab_tf.export.serving.image_bytes import image_bytes
from deeplab_tf.export.serving.kit import served_name, write_kit
from deeplab_tf.export.serving.versions import next_version
from deeplab_tf.export.serving.warm_up import write_warm_up
from deeplab_tf.files import replacing
from deeplab_tf.inference import open_predictor
from deeplab_tf.inference.network import InferenceNetwork
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import (
    IMAGE_BYTES_SIGNATURE,
    LABELS_SIGNATURE,
    PROBABILITIES_SIGNATURE,
    is_version,
    newest_version,
)
from deeplab_tf.weights.formats.side_file import write_beside

GRAPH = "saved_model.pb"
# What TensorFlow, and this package, write into the folder.
PARTS = {GRAPH, "fingerprint.pb", "keras_metadata.pb", "variables", "assets", "assets.extra"}


def export_saved_model(
    model_or_path: SegmentationModel | str | os.PathLike,
    output: str | os.PathLike,
    images: Iterable[np.ndarray | str | os.PathLike] | None = None,
    min_agreement: float = MIN_AGREEMENT,
    overwrite: bool = False,
    *,
    versioned: bool = False,
    serving_kit: bool = False,
) -> ExportReport:
    """Writes a SavedModel folder and compares it with the model.

    Its signatures take `image`, uint8 `[B, H, W, 3]`, RGB, any B, H and W: `serving_default` gives `labels`, int32
    `[B, H, W]`, `probabilities` gives `probabilities`, float32 `[B, H, W, classes]`. A third, `image_bytes`, takes the
    bytes of JPEG and PNG files, string `[B]`, each of its own size, and gives for each `labels_bytes`, a PNG of label
    ids, its `height` and `width`, and an `error` where it cannot be decoded. Images larger than the model's
    `image_size` are scaled to it inside the graph and the result is enlarged, see docs/prediction.md. Weights are
    constants with the normalisation folded in, so the folder cannot be trained further. `assets.extra/deeplab.json`
    names the classes and has the SHA-256 of the other files, which this package verifies when it opens the folder.

    Args:
        model_or_path: A model, a `.keras` file, a run folder, a released file, or a name of the release's zoo.
        output: The folder to write.
        images: Image files or arrays to compare on; four synthetic images when left out.
        min_agreement: Fraction of equal labels, 0-1, below which nothing is written.
        overwrite: Replace an earlier export, and files of the kit.
        versioned: `output` holds versions, as TensorFlow Serving expects them: write the first number above those that
            are there, `served/1` for the output `served`. An output whose own name is a number is written as it is.
        serving_kit: Write beside the versions what starts and asks a server, and requests for its warm-up into the
            version; implies `versioned`. See docs/serving.md.

    Returns:
        What was written and how closely it follows the model.

    Raises:
        FileNotFoundError: If there is no model at the path.
        ValueError: If the output exists or cannot be written, an image cannot be read, or the labels agree less
            than required; then nothing is left behind.

    Example:
        >>> export_saved_model("model.keras", "served", versioned=True).path
        PosixPath('served/1')
    """
    number("min_agreement", min_agreement, least=0, most=1, remedy="It is a fraction; try 0.99.")
    with _exporting(Path(output), overwrite, versioned or serving_kit) as folder:
        model = model_to_export(model_or_path)
        default = model.image_size or model.crop_size or (DEFAULT_SIDE, DEFAULT_SIDE)
        samples, large = fitting_and_large(comparison_images(images, *default), model.image_size)
        with replacing(folder) as temporary:
            _write(model, temporary)
            if serving_kit:
                write_warm_up(temporary, served_name(folder.parent))
            reference, exported = open_predictor(model), open_predictor(temporary)

            def predict_with_model(image):
                return reference.predict(image), reference.probabilities(image)

            def predict_with_folder(image):
                return exported.predict(image), exported.probabilities(image)

            agreement, difference = compare(predict_with_model, predict_with_folder, samples)
            require_agreement(agreement, min_agreement, folder, len(samples), images is None)
            on_large = compare_large(reference, exported, large)
            require_agreement(on_large, min_agreement, folder, len(large), images is None)
        return ExportReport(
            folder,
            agreement,
            difference,
            "probabilities",
            len(samples),
            images is None,
            size_in_bytes(folder),
            on_large,
            write_kit(folder.parent, overwrite) if serving_kit else None,
        )


@contextlib.contextmanager
def _exporting(output: Path, overwrite: bool, versioned: bool) -> Iterator[Path]:
    with contextlib.ExitStack() as stack:
        if versioned and not is_version(output.name):
            output = stack.enter_context(next_version(output))
        elif newest := newest_version(output):
            raise ValueError(
                f"{output} holds versions, up to {newest.name}. Add the next one by --versioned (versioned=True), or "
                "choose another path."
            )
        yield stack.enter_context(exporting(output, overwrite, _is_replaceable))


def _is_replaceable(folder: Path) -> bool:
    """Whether it is an empty folder, or a SavedModel with nothing else beside it."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    return not names or (GRAPH in names and names <= PARTS)


def _write(model: SegmentationModel, folder: Path) -> None:
    network = InferenceNetwork(model, frozen=True)
    image = tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")

    @tf.function(input_signature=[image], autograph=False)
    def logits(image):
        return network.logits(image)

    @tf.function(input_signature=[image], autograph=False)
    def labels(image):
        return {"labels": network.labels(image, model.image_size)}

    @tf.function(input_signature=[image], autograph=False)
    def probabilities(image):
        return {"probabilities": network.probabilities(image, model.image_size)}

    module = tf.Module()
    module.logits, module.labels, module.probabilities = logits, labels, probabilities
    module.image_bytes = image_bytes(lambda image: labels(image)["labels"], model.image_size, model.labels.classes)
    signatures = {
        LABELS_SIGNATURE: labels,
        PROBABILITIES_SIGNATURE: probabilities,
        IMAGE_BYTES_SIGNATURE: module.image_bytes,
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    write_beside(folder, description(model))
