"""Export to TFLite: one fixed image size, batch 1, built-in operations only, in floats or 8-bit integers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number, one_of, sides
from deeplab_tf.export.metadata import label_lines, with_metadata
from deeplab_tf.export.parity import (
    MIN_AGREEMENT,
    compare,
    compare_large,
    comparison_images,
    fitting_and_large,
    require_agreement,
)
from deeplab_tf.export.preparation import DEFAULT_SIDE, description, exporting, model_to_export
from deeplab_tf.export.quantization import (
    PRECISIONS,
    Calibration,
    calibration_images,
    check_precision,
    operations,
    quantization,
    require_integers,
    set_precision,
    warn_of_untrained,
    without_outputs,
)
from deeplab_tf.export.report import ExportReport, size_in_bytes
from deeplab_tf.export.tflite_network import BESIDE, OUTPUTS, TFLiteNetwork
from deeplab_tf.files import replacing, working_folder
from deeplab_tf.files.reading import reason
from deeplab_tf.inference import TFLitePredictor, open_predictor
from deeplab_tf.inference.canvas import Canvas
from deeplab_tf.inference.whole_image import canvas_size
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import LABELS_FILE, LOW_SCORES
from deeplab_tf.weights.formats.side_file import with_side_file
from deeplab_tf.weights.formats.tflite_structure import read_structure

# In 8 bits as many pixels change to a better class as to a worse one: over 120 images of PASCAL VOC 98.7 % of the
# labels stay, at the same mIoU.
MIN_AGREEMENT_ROUNDED = 0.97


def export_tflite(
    model_or_path: SegmentationModel | str | os.PathLike,
    output: str | os.PathLike,
    size: int | Sequence[int] | None = None,
    outputs: str = "labels",
    images: Iterable[np.ndarray | str | os.PathLike] | None = None,
    min_agreement: float | None = None,
    overwrite: bool = False,
    *,
    precision: str = "float32",
    calibration: Calibration | None = None,
) -> ExportReport:
    """Writes a `.tflite` file and compares it with the model on the same padded images, and on larger ones.

    It takes `image`, uint8 `[1, H, W, 3]`, RGB. Whoever uses the file scales larger images, as this package's
    predictors do; labels then agree best where the file gives scores, see docs/prediction.md. `labels.txt` and a
    `deeplab.json` with the class names are appended to it as a zip archive, the way TFLite stores associated files; the
    runtime does not see it. The file ends with the SHA-256 of all before it, which this package verifies when it opens
    the file. A file of scores has TFLite's metadata, by which MediaPipe's ImageSegmenter knows it.

    Args:
        model_or_path: A model, a `.keras` file, a run folder, a released file, or a name of the release's zoo.
        output: The file to write; ends in `.tflite`.
        size: Side, or (height, width), of the input; when left out, what images of the model's `image_size` need, or
            else its crop size, or 513.
        outputs: `"labels"`, int32 `[1, H, W]`; `"probabilities"` or `"logits"`, `[1, H, W, classes]`; `"low_logits"`,
            `[1, h, w, classes]`, at the stride at which the network makes them. Scores are float32, or int8 where
            the precision is.
        images: What to compare on, as for `export_saved_model`; for int8 the images of `calibration` when left out.
        min_agreement: As for `export_saved_model`; 0.99 for float32, else 0.97, when left out.
        overwrite: Replace an earlier file.
        precision: `"float32"`; `"float16"`, half the size; or `"int8"`, a quarter, in which all is computed in 8-bit
            integers, the weights of each channel with a scale of its own. See docs/quantization.md.
        calibration: For int8: photographs of the kind that the model will see, as a folder, image files, or arrays,
            RGB, uint8 `[H, W, 3]`. 32 of them, spread evenly, show the range of every layer.

    Returns:
        What was written and how closely it follows the model.

    Raises:
        FileNotFoundError: If there is no model at the path.
        ValueError: If an argument is not possible, the output exists or cannot be written, an image cannot be
            read, int8 has no images that show anything, the network needs operations that TFLite lacks, or the labels
            agree less than required; then nothing is left behind.

    Example:
        >>> export_tflite("model.keras", "model.tflite", size=257).agreement > 0.999
        True
    """
    outputs = one_of("outputs", outputs, [*OUTPUTS, LOW_SCORES])
    precision = one_of("precision", precision, PRECISIONS)
    check_precision(precision, calibration)
    integer = precision == "int8"
    if Path(output).suffix != ".tflite":
        raise ValueError(f"A TFLite file ends in .tflite; received {output}.")
    if min_agreement is None:
        min_agreement = MIN_AGREEMENT if precision == "float32" else MIN_AGREEMENT_ROUNDED
    number("min_agreement", min_agreement, least=0, most=1, remedy="It is a fraction; try 0.99.")
    with exporting(output, overwrite, Path.is_file) as file:
        model = model_to_export(model_or_path)
        size = _input_size(model, size)
        limit = _limit(model, size)
        photographs = []
        if calibration is not None:
            warn_of_untrained(model)
            photographs = calibration_images(calibration)
        given = photographs if integer and images is None else images
        samples, large = fitting_and_large(comparison_images(given, *limit), limit)
        about = description(model, outputs=outputs, size=list(size), precision=precision)
        with replacing(file) as temporary:
            network = TFLiteNetwork(model, size, outputs, integer=integer)
            canvas = Canvas(*size, model.pad_value, limit)
            converted = _convert(network, precision, [canvas.place(image)[0] for image in photographs], file)
            structure = read_structure(converted)
            if integer:
                require_integers(structure, model.name)
            if outputs != "labels":
                converted = with_metadata(converted, model.name, outputs, softmax=outputs != "probabilities")
            # A name for each line, whatever is in it.
            temporary.write_bytes(with_side_file(converted, about, {LABELS_FILE: label_lines(model.labels.names)}))
            exported = TFLitePredictor(temporary)
            reference = _predict_with_model(model, network, canvas)
            agreement, difference = compare(reference, _predict_with_file(exported), samples)
            require_agreement(agreement, min_agreement, file, len(samples), given is None)
            # Said, not required: labels alone cannot be enlarged as scores can, and `size` may be another than the
            # model's.
            on_large = compare_large(open_predictor(model, max_side=model.image_size or limit), exported, large)
        return ExportReport(
            file,
            agreement,
            difference,
            outputs,
            len(samples),
            given is None,
            size_in_bytes(file),
            on_large,
            operations=operations(structure),
            input_quantization=quantization(structure, structure.inputs[0]),
            output_quantization=quantization(structure, structure.outputs[0]),
        )


def _input_size(model: SegmentationModel, size: int | Sequence[int] | None) -> tuple[int, int]:
    if size is None and model.image_size is not None:
        size = canvas_size(*model.image_size, model.output_stride, model.crop_size)
    size = (model.crop_size or DEFAULT_SIDE) if size is None else size
    remedy = f"It must exceed the output stride; try {DEFAULT_SIDE}."
    return sides("size", size, above=model.output_stride, remedy=remedy)


def _limit(model: SegmentationModel, canvas: tuple[int, int]) -> tuple[int, int]:
    """The size within which the file predicts: the model's own, as far as it fits into the input."""
    height, width = (min(sides) for sides in zip(model.image_size or canvas, canvas))
    return height, width


def _convert(network: TFLiteNetwork, precision: str, images: list[np.ndarray], file: Path) -> bytes:
    with working_folder(file.with_suffix(".saved_model")) as folder:
        tf.saved_model.save(network, str(folder), signatures=network.run)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        set_precision(converter, precision, network.feed, images)
        try:
            converted = converter.convert()
        except Exception as error:
            # The converter's own error classes are not public.
            raise ValueError(f"{network.title} cannot be converted to TFLite: {reason(error)}") from error
    return without_outputs(converted, BESIDE) if precision == "int8" else converted


def _predict_with_model(model: SegmentationModel, network: TFLiteNetwork, canvas: Canvas):
    @tf.function(autograph=False)
    def logits(images):
        return model(network.padded(images, np.asarray(model.pad_value, np.float32)), training=False)

    def predict(image):
        placed, (height, width) = canvas.place(image)
        scores = logits(placed[None].astype(np.float32))[0, :height, :width]
        labels = tf.argmax(scores, -1, output_type=tf.int32).numpy()
        return labels, (tf.nn.softmax(scores) if network.outputs == "probabilities" else scores).numpy()

    return predict


def _predict_with_file(exported: TFLitePredictor):
    def predict(image):
        placed, (height, width) = exported.canvas.place(image)
        result = exported.result(placed)[:height, :width]
        return (result, None) if result.ndim == 2 else (result.argmax(-1), result)

    return predict
