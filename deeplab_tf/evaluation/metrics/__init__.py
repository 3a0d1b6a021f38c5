"""Metrics of predicted labels: one in each file, and the table of them. Memory does not grow with the images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from deeplab_tf.checks import one_of
from deeplab_tf.evaluation.metrics.boundary_f1 import BoundaryF1
from deeplab_tf.evaluation.metrics.boundary_iou import BoundaryIoU
from deeplab_tf.evaluation.metrics.confusion import ConfusionMatrix
from deeplab_tf.evaluation.metrics.metric import Metric
from deeplab_tf.evaluation.metrics.trimap import TrimapIoU
from deeplab_tf.labels import LabelSpec

__all__ = ["METRICS", "BoundaryF1", "BoundaryIoU", "ConfusionMatrix", "Metric", "TrimapIoU", "make_metrics"]

METRICS: dict[str, type[Metric]] = {
    "confusion": ConfusionMatrix,
    "trimap": TrimapIoU,
    "boundary_iou": BoundaryIoU,
    "boundary_f1": BoundaryF1,
}


def make_metrics(asked: Iterable[str | Callable[..., Metric]], labels: LabelSpec) -> dict[str, Metric]:
    """Empty metrics for the classes of a data set, the confusion matrix always among them.

    Args:
        asked: Names in `METRICS`; or what takes a number of classes and the ignore label, a subclass of `Metric` or a
            `functools.partial` of one.
        labels: The classes.

    Returns:
        The metrics by name; one that has no name there goes by its class's.

    Raises:
        ValueError: If a name is none in `METRICS`, or something is of another kind.

    Example:
        >>> make_metrics(["boundary_iou", functools.partial(TrimapIoU, widths=(1, 5))], label_spec(21)).keys()
        dict_keys(['confusion', 'boundary_iou', 'trimap'])
    """
    asked = [asked] if isinstance(asked, str) or callable(asked) else list(asked)
    made = {}
    for one in ["confusion", *asked]:
        kind = one if callable(one) else METRICS[one_of("metrics", one, METRICS, remedy="Or give a Metric's class.")]
        metric = kind(labels.classes, labels.ignore_label)
        if not isinstance(metric, Metric):
            raise ValueError(
                f"metrics must be names of {list(METRICS)} or subclasses of Metric; received {one!r}, which makes "
                f"{type(metric).__name__}."
            )
        names = {kind: name for name, kind in METRICS.items()}
        made[names.get(type(metric), type(metric).__name__)] = metric
    return made
