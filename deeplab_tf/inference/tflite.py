"""A `.tflite` file as a predictor for images of any size: exported ones and the released ones."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.backbones.features import OUTPUT_STRIDES
from deeplab_tf.checks import one_of
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images.enlarging import label_map_at
from deeplab_tf.images.scaling import FROM_MODEL, Fitting, is_from_model, max_side_limit
from deeplab_tf.inference.canvas import Canvas
from deeplab_tf.inference.low_scores import LowScores
from deeplab_tf.inference.predictor import Predictor, scores_of
from deeplab_tf.inference.sliding_window import SlidingWindow
from deeplab_tf.inference.whole_image import canvas_size
from deeplab_tf.labels import LabelSpec, released_labels
from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.exported import LOW_SCORES
from deeplab_tf.weights.formats.tflite_content import TFLiteContent, read_tflite_content
from deeplab_tf.weights.formats.tflite_input import feed_of

RELEASED_PAD_VALUE = (127.5, 127.5, 127.5)


class TFLitePredictor(Predictor):
    """A `.tflite` file with a fixed input size and one output: labels, or a score for each class.

    Threads may share one: its interpreter, which uses all processors anyway, serves them one after the other, while
    images are placed and results enlarged at the same time.

    Args:
        path: The file.
        threads: Threads of the interpreter; all processors when left out.
        input_range: The numbers that the file expects for the pixels 0 and 255, such as (-1, 1), where it does not
            state them.
        max_side: As for `open_predictor`; at most the file's own input size.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or not a DeepLab, does not state what it expects for pixels, or its input is
            smaller than `max_side`; the message names it.

    Example:
        >>> report = deeplab_tf.export.export_tflite("model.keras", "model.tflite", size=65)
        >>> TFLitePredictor("model.tflite").predict(np.zeros((375, 500, 3), np.uint8)).shape
        (375, 500)
    """

    def __init__(
        self,
        path: str | os.PathLike,
        threads: int | None = None,
        input_range: Sequence[float] | None = None,
        max_side=FROM_MODEL,
    ):
        self.source = shown(path)
        with reading(path, "a TFLite model", "Copy, export or download it again."):
            self._open(read_tflite_content(path), threads, input_range, max_side)

    def _open(self, file: TFLiteContent, threads: int | None, input_range: Sequence[float] | None, max_side) -> None:
        # An interpreter has one set of tensors: a second thread would write its image over that of the first.
        self._lock = threading.Lock()
        self._interpreter = tflite_runtime.interpreter(model_content=file.content, threads=threads or os.cpu_count())
        self._input = self._only(self._interpreter.get_input_details())
        self._output = self._only(self._interpreter.get_output_details())
        about = file.about
        self._low = LowScores(self._canvas_of_low_scores(about)) if about.get("outputs") == LOW_SCORES else None
        self._check_shapes()
        self._feed = feed_of(file.structure, input_range)
        if self._feed is None:
            raise ValueError(
                f"{self.source} does not state which numbers it expects for the pixels 0-255, neither in its metadata "
                "nor by its quantisation or first operations. State them: input_range=(0, 255), (-1, 1) or (0, 1), on "
                "the command line --input-range 0,255."
            )
        self.labels = LabelSpec.from_dict(about["labels"]) if about else released_labels(self._count_classes())
        self._scores_are = about.get("outputs", "logits")
        height, width = (int(side) for side in self._input["shape"][1:3])
        self.limit = self._limit(max_side, about.get("image_size"), (height, width))
        self.canvas = Canvas(height, width, tuple(about.get("pad_value", RELEASED_PAD_VALUE)), self.limit)
        self._fitting = Fitting(self.source, self.limit)

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, h, w, classes]`, of RGB images, uint8 `[B, H, W, 3]`, which are run one by one.

        Raises:
            ValueError: If the file gives labels only.
        """
        self._check_gives_scores()
        # TensorFlow itself would take a list of arrays number by number.
        scores = tf.convert_to_tensor(np.stack([self._result(np.asarray(image)) for image in images]))
        return scores_of(scores) if self._scores_are == "probabilities" else scores

    def unlimited(self) -> SlidingWindow:
        """Windows of the size of its input, since that is fixed.

        Raises:
            ValueError: If the file gives labels only.
        """
        self._check_gives_scores()
        return SlidingWindow(self, self.limit)

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._low:
            placed, seen = self._placed(image)
            return self._low.labels(self._real(self.run(placed)), seen, image.shape[:2])
        if self._gives_scores:
            return super().predict(image)
        labels, size = self._result(image), image.shape[:2]
        return labels.astype(np.int32) if labels.shape == size else label_map_at(labels, size)

    def run(self, placed: np.ndarray) -> np.ndarray:
        """Runs the interpreter once, on what fills its input.

        Args:
            placed: RGB, uint8 `[H, W, 3]`, (H, W) being the file's input size.

        Returns:
            The raw output, `[H, W]` or `[H, W, classes]`, in the file's own numbers.

        Raises:
            ValueError: If the size is another, or the file is damaged; the message names it.
        """
        placed = self._feed(placed)
        with self._lock, reading(self.source, "a TFLite model", "Copy, export or download it again."):
            self._interpreter.set_tensor(self._input["index"], placed[None])
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output["index"])[0]

    def result(self, placed: np.ndarray) -> np.ndarray:
        """As `run`, with scores in real numbers.

        Args:
            placed: As for `run`.

        Returns:
            Labels, integer `[H, W]`, or scores, float32 `[H, W, classes]`.

        Raises:
            ValueError: As `run`.
        """
        result = self.run(placed)
        if not self._gives_scores:
            return result
        scores = self._real(result)
        return self._low.enlarged(scores)[: self.canvas.height, : self.canvas.width] if self._low else scores

    def _real(self, scores: np.ndarray) -> np.ndarray:
        """The numbers that scores stand for, float32."""
        scale, zero = self._output["quantization"]
        return (scores.astype(np.float32) - zero) * np.float32(scale) if scale else scores

    def _check_gives_scores(self) -> None:
        if not self._gives_scores:
            raise ValueError(
                f"{self.source} gives labels only. Export the model with outputs='probabilities' for a score for each "
                "class."
            )

    @property
    def _gives_scores(self) -> bool:
        return len(self._output["shape"]) == 4

    def _result(self, image: np.ndarray) -> np.ndarray:
        """Labels or scores, float32, at the size at which the network sees the image."""
        placed, (height, width) = self._placed(image)
        return self.result(placed)[:height, :width]

    def _placed(self, image: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        self._fitting(*image.shape[:2])
        return self.canvas.place(image)

    def _limit(self, max_side, image_size, canvas: tuple[int, int]) -> tuple[int, int]:
        limit = max_side_limit(max_side, image_size)
        if not is_from_model(max_side) and (limit is None or max(limit) > max(canvas)):
            raise ValueError(
                f"{self.source} takes images of {canvas[0]}x{canvas[1]} pixels, so larger ones have to be scaled; "
                f"received max_side={max_side}. Give {max(canvas)} or less, or export the model with a larger size."
            )
        return canvas if limit is None else (min(limit[0], canvas[0]), min(limit[1], canvas[1]))

    def _canvas_of_low_scores(self, about: dict) -> tuple[int, int]:
        """The size at whose corners the corners of low scores lie: that to which the file itself pads an image."""
        stride = one_of("output_stride", about.get("output_stride"), OUTPUT_STRIDES)
        return canvas_size(*(int(side) for side in self._input["shape"][1:3]), stride)

    def _only(self, details: list[dict]) -> dict:
        if len(details) != 1:
            raise self._not_a_deeplab(f"{len(details)} inputs or outputs where one is expected")
        return details[0]

    def _check_shapes(self) -> None:
        taken, given = self._input["shape"].tolist(), self._output["shape"].tolist()
        if len(taken) != 4 or taken[0] != 1 or taken[3] != 3:
            raise self._not_a_deeplab(f"its input has the shape {taken}, not [1, H, W, 3]")
        if self._input["dtype"] not in (np.uint8, np.int8, np.float32):
            raise self._not_a_deeplab(f"its input is {self._input['dtype'].__name__}, not uint8, int8 or float32")
        fits = len(given) == 4 if self._low else len(given) in (3, 4) and given[:3] == taken[:3]
        if not fits:
            raise self._not_a_deeplab(f"its output has the shape {given}, not {taken[:3]} or {[*taken[:3], 'classes']}")
        if len(given) == 3 and not np.issubdtype(self._output["dtype"], np.integer):
            raise self._not_a_deeplab(f"its label map is {self._output['dtype'].__name__}, not integer")

    def _count_classes(self) -> int:
        if self._gives_scores:
            return int(self._output["shape"][3])
        # A file without a side file: the scores that its arg max reads are the last map with channels at
        # the label map's size.
        shapes = [tensor["shape"].tolist() for tensor in self._interpreter.get_tensor_details()]
        taken = self._input["shape"].tolist()
        maps = [shape for shape in shapes if len(shape) == 4 and shape[:3] == taken[:3] and shape != taken]
        if not maps:
            raise self._not_a_deeplab("there is no map of class scores before its labels")
        return maps[-1][3]

    def _not_a_deeplab(self, reason: str) -> ValueError:
        return ValueError(
            f"{self.source} is not a DeepLab: {reason}. Give a file that export_tflite wrote or a released one."
        )
