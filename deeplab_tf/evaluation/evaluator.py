"""Runs anything that predicts over labelled images at their own resolution."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.pipeline.sources import refuse_endless
from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.metrics import Metric, make_metrics
from deeplab_tf.images.scaling import FROM_MODEL
from deeplab_tf.inference import open_predictor
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
    if isinstance(images, tf.data.Dataset):
        refuse_endless(images)
    predictor = open_predictor(model, max_side=max_side, **opening)
    spec = predictor.labels if labels is None else label_spec(labels)
    if spec.classes != predictor.labels.classes:
        raise ValueError(
            f"{predictor.source} has {predictor.labels.classes} classes ({predictor.labels.name}), the data have "
            f"{spec.classes} ({spec.name}). Evaluate on the data set that the model was trained for."
        )
    measured = make_metrics(metrics, spec)
    skipped = []
    start = time.perf_counter()
    items = _items(images)
    count = 0
    for item in track(items, _total(images), "evaluate"):
        filename = _text(item.get("filename", f"image {count + len(skipped) + 1}"))
        image, truth = np.asarray(item["image"]), np.asarray(item["label"])
        truth = truth[..., 0] if truth.ndim == 3 and truth.shape[-1] == 1 else truth
        try:
            _check(image, truth, filename)
            predicted = predictor.predict(image)
            for metric in measured.values():
                metric.update(truth, predicted, filename)
            count += 1
        except ValueError as error:
            if not skip_bad:
                raise
            skipped.append(str(error))
    matrix = measured.pop("confusion")
    if not matrix.counts.sum():
        raise ValueError(
            f"None of the {count + len(skipped)} images has a labelled pixel, so there is nothing to measure. "
            f"Check the split and the ignore label {spec.ignore_label}."
        )
    return Evaluation(spec, matrix, count, time.perf_counter() - start, tuple(skipped), measured)


def _items(images: Iterable[Mapping | tuple] | tf.data.Dataset) -> Iterator[Mapping]:
    for item in images.as_numpy_iterator() if isinstance(images, tf.data.Dataset) else images:
        item = dict(zip(("image", "label"), item)) if isinstance(item, tuple | list) and len(item) == 2 else item
        if not isinstance(item, Mapping) or not {"image", "label"} <= item.keys():
            held = sorted(item) if isinstance(item, Mapping) else type(item).__name__
            raise ValueError(
                f"Expected pairs (image, label), or mappings with 'image' and 'label'; received {held}. Map the items "
                "to these; evaluation_images does so for TFRecords and TFDS builders."
            )
        yield item


def _total(images) -> int | None:
    if isinstance(images, tf.data.Dataset):
        count = int(images.cardinality())
        return count if count >= 0 else None
    return len(images) if hasattr(images, "__len__") else None


def _text(name) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _check(image: np.ndarray, truth: np.ndarray, filename: str) -> None:
    if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"{filename}: expected an RGB image, uint8 [H, W, 3]; received {image.dtype} {list(image.shape)}. "
            "Read it with deeplab_tf.images.read_image."
        )
    if truth.shape != image.shape[:2]:
        raise ValueError(
            f"{filename}: the image is {image.shape[0]}x{image.shape[1]}, its labels {truth.shape}; they must "
            "have the same size. Fix the mask."
        )
