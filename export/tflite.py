"""Export to TFLite: one fixed image size, batch 1, built-in operations only."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number, one_of, sides
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
from deeplab_tf.files import replacing, working_folder
from deeplab_tf.files.reading import reason
from deeplab_tf.inference import TFLitePredictor, open_predictor
from deeplab_tf.inference.network import InferenceNetwork
from deeplab_tf.inference.whole_image import canvas_size
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.side_file import with_side_file

OUTPUTS = {
    "labels": lambda logits: tf.argmax(logits, -1, output_type=tf.int32),
    "probabilities": tf.nn.softmax,
    "logits": tf.identity,
}


def export_tflite(
    model_or_path: SegmentationModel | str | os.PathLike,
    output: str | os.PathLike,
    size: int | Sequence[int] | None = None,
    outputs: str = "labels",
    images: Iterable[np.ndarray | str | os.PathLike] | None = None,
    min_agreement: float = MIN_AGREEMENT,
    overwrite: bool = False,
) -> ExportReport:
    """Writes a float32 `.tflite` file and compares it with the model on the same padded images, and on larger ones.

    It takes `image`, uint8 `[1, H, W, 3]`, RGB. Whoever uses the file scales larger images, as this package's
    predictors do; labels then agree best where the file gives scores, see docs/prediction.md. A `deeplab.json` with
    the class names is appended to it as a zip archive, the way TFLite stores associated files; the runtime does not
    see it. The file ends with the SHA-256 of all before it, which this package verifies when it opens the file.

    Args:
        model_or_path: A model, a `.keras` file, or a run folder.
        output: The file to write; ends in `.tflite`.
        size: Side, or (height, width), of the input; when left out, what images of the model's `image_size` need, or
            else its crop size, or 513.
        outputs: `"labels"`, int32 `[1, H, W]`; `"probabilities"` or `"logits"`, float32 `[1, H, W, classes]`.
        images: What to compare on, as for `export_saved_model`.
        min_agreement: As for `export_saved_model`.
        overwrite: Replace an earlier file.

    Returns:
        What was written and how closely it follows the model.

    Raises:
        FileNotFoundError: If there is no model at the path.
        ValueError: If an argument is not possible, the output exists or cannot be written, an image cannot be
            read, the network needs operations that TFLite lacks, or the labels agree less than required; then
            nothing is left behind.

    Example:
        >>> export_tflite("model.keras", "model.tflite", size=257).agreement
        1.0
    """
    outputs = one_of("outputs", outputs, OUTPUTS)
    if Path(output).suffix != ".tflite":
        raise ValueError(f"A TFLite file ends in .tflite; received {output}.")
    number("min_agreement", min_agreement, least=0, most=1, remedy="It is a fraction; try 0.99.")
    with exporting(output, overwrite, Path.is_file) as file:
        model = model_to_export(model_or_path)
        height, width = _input_size(model, size)
        limit = _limit(model, (height, width))
        samples, large = fitting_and_large(comparison_images(images, *limit), limit)
        about = description(model, outputs=outputs, size=[height, width])
        with replacing(file) as temporary:
            temporary.write_bytes(with_side_file(_convert(model, height, width, outputs, file), about))
            exported = TFLitePredictor(temporary)
            agreement, difference = compare(
                _predict_with_model(model, exported, outputs), _predict_with_file(exported), samples
            )
            require_agreement(agreement, min_agreement, file, len(samples))
            # Said, not required: labels alone cannot be enlarged as scores can, and `size` may be another than the
            # model's.
            on_large = compare_large(open_predictor(model, max_side=model.image_size or limit), exported, large)
        size = size_in_bytes(file)
        return ExportReport(file, agreement, difference, outputs, len(samples), images is None, size, on_large)


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


def _convert(model: SegmentationModel, height: int, width: int, outputs: str, file: Path) -> bytes:
    network = InferenceNetwork(model, frozen=True)
    # With the batch fixed to 1 the converter fuses dilated convolutions instead of reshaping around them.
    image = tf.TensorSpec((1, height, width, 3), tf.uint8, name="image")

    @tf.function(input_signature=[image], autograph=False)
    def predict(image):
        return {outputs: OUTPUTS[outputs](network(tf.cast(image, tf.float32)))}

    module = tf.Module()
    module.predict = predict
    with working_folder(file.with_suffix(".saved_model")) as folder:
        tf.saved_model.save(module, str(folder), signatures=predict)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return converter.convert()
        except Exception as error:
            # The converter's own error classes are not public.
            raise ValueError(f"{model.name} cannot be converted to TFLite: {reason(error)}") from error


def _predict_with_model(model: SegmentationModel, exported: TFLitePredictor, outputs: str):
    @tf.function(autograph=False)
    def logits(images):
        return model(images, training=False)

    def predict(image):
        placed, (height, width) = exported.canvas.place(image)
        scores = logits(placed[None].astype(np.float32))[0, :height, :width]
        labels = tf.argmax(scores, -1, output_type=tf.int32).numpy()
        return labels, (scores if outputs == "logits" else tf.nn.softmax(scores)).numpy()

    return predict


def _predict_with_file(exported: TFLitePredictor):
    def predict(image):
        placed, (height, width) = exported.canvas.place(image)
        result = exported.run(placed)[:height, :width]
        return (result, None) if result.ndim == 2 else (result.argmax(-1), result)

    return predict
