"""Runs anything that predicts over labelled images at their own resolution."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.items import check_classes, image_and_labels, items, name_of, nothing_labelled, total
from deeplab_tf.evaluation.metrics import Metric, make_metrics
from deeplab_tf.images.scaling import FROM_MODEL
from deeplab_tf.inference import Remembered, open_predictor
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import track


def evaluate(
    model,
    images: Iterable[Mapping | tuple] | tf.data.Dataset,
    labels: LabelSpec | Mapping | str | int | None = None,
    *,
    metrics: Iterable[str | Callable[..., Metric]] = ("confusion",),
    skip_bad: bool = False,
    max_side: int | tuple[int, int] | str | None = FROM_MODEL,
    **opening,
) -> Evaluation:
    """Mean IoU, pixel accuracy and other metrics of a model, file or exported file.

    Args:
        model: Whatever `deeplab_tf.inference.open_predictor` takes.
        images: Mappings with `image`, uint8 `[H, W, 3]`, `label`, integer `[H, W]`, and, where there is one,
            `filename`; or pairs (image, label); or a `tf.data.Dataset` of either, which must have an end.
        labels: What the ids in `label` mean; the model's own specification when left out.
        metrics: What to measure beside the confusion matrix, which always is: names in
            `deeplab_tf.evaluation.metrics.METRICS` or what `make_metrics` takes instead.
        skip_bad: Leave out, and list in the result, images whose labels do not fit, instead of stopping.
        max_side: As for `open_predictor`. Predictions are compared with the labels at the labels' own size.
        **opening: Further arguments of `open_predictor`, such as `scales`, `flip`, `window` and `output_stride`.

    Returns:
        The metrics.

    Raises:
        FileNotFoundError: If `model` is a path where there is nothing.
        ValueError: If the numbers of classes differ, an image and its labels do not fit (the message names the
            file), the items are of another form or have no end, or no labelled pixel is left.

    Example:
        >>> evaluate("model.keras", evaluation_images(dataset, "val")).miou
        0.7577
        >>> evaluate("model.keras", images, metrics=["trimap", "boundary_iou"]).totals["boundary_iou"]
        0.5823
    """
    return evaluate_all([model], images, labels, metrics=metrics, skip_bad=skip_bad, max_side=max_side, **opening)[0]


def evaluate_all(
    models: Sequence,
    images: Iterable[Mapping | tuple] | tf.data.Dataset,
    labels: LabelSpec | Mapping | str | int | None = None,
    *,
    metrics: Iterable[str | Callable[..., Metric]] = ("confusion",),
    skip_bad: bool = False,
    on_image: Callable[[str, np.ndarray, np.ndarray, list[np.ndarray]], None] | None = None,
    max_side: int | tuple[int, int] | str | None = FROM_MODEL,
    **opening,
) -> list[Evaluation]:
    """Several models on the same images, each of which is read once.

    Args:
        models: Each as for `evaluate`.
        images: As for `evaluate`.
        labels: As for `evaluate`; the first model's own specification when left out.
        metrics: As for `evaluate`.
        skip_bad: As for `evaluate`.
        on_image: Called after every image with its name, its pixels, its labels, and each model's prediction: a
            `Report`'s `add`, for instance.
        max_side: As for `open_predictor`.
        **opening: Further arguments of `open_predictor`.

    Returns:
        The metrics of each model. Their seconds have the reading of the images in common.

    Raises:
        FileNotFoundError: As for `evaluate`.
        ValueError: As for `evaluate`.

    Example:
        >>> before, after = evaluate_all(["model.keras", "runs/voc"], images)
        >>> after.miou - before.miou
        0.0
    """
    predictors = [open_predictor(model, max_side=max_side, **opening) for model in models]
    spec = predictors[0].labels if labels is None else label_spec(labels)
    for predictor in predictors:
        check_classes(predictor, spec)
    measured: list[dict[str, Any]] = [make_metrics(metrics, spec) for _ in predictors]
    predicting = [0.0] * len(predictors)
    skipped = []
    start = time.perf_counter()
    count = 0
    for item in track(items(images), total(images), "evaluate"):
        filename = name_of(item, count + len(skipped) + 1)
        try:
            image, truth = image_and_labels(item, filename)
            predictions = []
            for index, predictor in enumerate(predictors):
                before = time.perf_counter()
                predictions.append(predictor.predict(image))
                predicting[index] += time.perf_counter() - before
            # After all predictions: an image that one model cannot predict counts for none.
            for index, prediction in enumerate(predictions):
                before = time.perf_counter()
                for metric in measured[index].values():
                    metric.update(truth, prediction, filename)
                predicting[index] += time.perf_counter() - before
        except ValueError as error:
            if not skip_bad:
                raise
            skipped.append(str(error))
            continue
        count += 1
        if on_image is not None:
            on_image(filename, image, truth, predictions)
    if not measured[0]["confusion"].counts.any():
        raise nothing_labelled(count + len(skipped), spec)
    reading = time.perf_counter() - start - sum(predicting)
    # Part of the time of whatever wraps it.
    remembered = {id(one): spent for one, spent in zip(predictors, predicting) if isinstance(one, Remembered)}
    return [
        Evaluation(
            spec,
            found.pop("confusion"),
            count,
            reading + spent + remembered.get(id(getattr(predictor, "inner", None)), 0.0),
            tuple(skipped),
            found,
        )
        for predictor, found, spent in zip(predictors, measured, predicting)
    ]
