"""Measures the model after every epoch, on whole images at their own size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import expect, whole
from deeplab_tf.evaluation import Evaluation, evaluate_all
from deeplab_tf.evaluation.evaluation import title
from deeplab_tf.evaluation.items import total
from deeplab_tf.evaluation.metrics import Metric
from deeplab_tf.inference import Predictor, open_predictor
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.labels import LabelSpec
from deeplab_tf.optimizers import averaged_weights

MEAN_IOU, PIXEL_ACCURACY = "val_mean_iou", "val_pixel_accuracy"


def measure(name: str) -> str:
    """What people read for the name of a number in the logs, such as `val_boundary_iou`."""
    return {MEAN_IOU: "mIoU"}.get(name, title(name.removeprefix("val_")))


class Validation(keras.callbacks.Callback):
    """Adds `val_mean_iou` and `val_pixel_accuracy`, both 0-1, to the logs of every epoch, and further metrics.

    What comes after it in the list of callbacks sees them, and so does the history that `fit` returns. Unlike Keras's
    `validation_data` it predicts as `deeplab_tf.evaluation.evaluate` does, and with the averaged weights where the
    optimiser has `use_ema`.

    Args:
        images: As for `evaluate`; gone through again after every epoch.
        labels: As for `evaluate`.
        model: What to measure, as for `evaluate`; the model that is trained when left out.
        metrics: What else to measure, as for `evaluate`; `boundary_iou` is `val_boundary_iou` in the logs.
        examples: Of how many images, spread over all, the last predictions are kept.
        interrupts: Asked before every image; training ends with an `Interruption` once there is one.

    Attributes:
        evaluation: The last result, that of each class included; None before.
        seen: Of each example its name, the image, its labels and the last prediction.

    Raises:
        ValueError: If there are no images; and from `fit`, as for `evaluate`.

    Example:
        >>> best = keras.callbacks.ModelCheckpoint("best.keras", "val_mean_iou", mode="max", save_best_only=True)
        >>> model.fit(batches, epochs=3, callbacks=[Validation(evaluation_images(dataset, "val")), best])
    """

    def __init__(
        self,
        images: Iterable[Mapping | tuple] | tf.data.Dataset,
        labels: LabelSpec | Mapping | str | int | None = None,
        *,
        model=None,
        metrics: Iterable[str | Callable[..., Metric]] = (),
        examples: int = 0,
        interrupts: Interrupts | None = None,
    ):
        super().__init__()
        count = total(images)
        expect(count != 0, "images", images, "images with labels", "There is none: check the split.")
        examples = whole("examples", examples, least=0, remedy="Try 4, or 0 for none.")
        self.evaluation: Evaluation | None = None
        self.seen: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
        self._metrics, self._examples = list(metrics), examples
        # Where nobody knows how many there are, the first ones.
        self._apart = max(1, (count or 0) // max(1, examples))
        self._images, self._labels, self._measured, self._interrupts = images, labels, model, interrupts
        self._predictor = None

    def on_train_begin(self, logs=None):
        predictor = open_predictor(self.model if self._measured is None else self._measured)
        self._predictor = predictor if self._interrupts is None else _Stoppable(predictor, self._interrupts)

    def on_epoch_end(self, epoch, logs=None):
        self.evaluation = self.measure()
        if logs is not None:
            logs |= {MEAN_IOU: self.evaluation.miou, PIXEL_ACCURACY: self.evaluation.pixel_accuracy}
            logs |= {
                f"val_{name}": float(value)
                for metric in self.evaluation.others.values()
                for name, value in metric.totals.items()
            }

    def measure(self) -> Evaluation:
        """Measures the model as it is now, with its averaged weights where it trains with `use_ema`.

        To be called once `fit` has begun.

        Returns:
            The metrics, as `evaluate` gives them.

        Raises:
            ValueError: As for `evaluate`.
        """
        seen, numbers = [], itertools.count()

        def keep(name, image, truth, predictions):
            if next(numbers) % self._apart == 0 and len(seen) < self._examples:
                seen.append((name, image, truth, predictions[0]))

        with averaged_weights(self.model):
            found = evaluate_all(
                [self._predictor], self._images, self._labels, metrics=["confusion", *self._metrics], on_image=keep
            )
        self.seen = seen
        return found[0]


class ValidationStopped(Interruption):
    """An interrupt came in a validation, which was dropped."""


class _Stoppable(Predictor):
    """A predictor that stops predicting once there is an interrupt."""

    def __init__(self, inner: Predictor, interrupts: Interrupts):
        self.source, self.labels = inner.source, inner.labels
        self._inner, self._interrupts = inner, interrupts

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        if self._interrupts.pending:
            raise ValidationStopped(number=self._interrupts.pending)
        return self._inner.scores(images)
