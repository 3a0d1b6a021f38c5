"""Measuring models and exported files on labelled images."""

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.evaluator import evaluate, evaluate_all
from deeplab_tf.evaluation.metrics import METRICS, BoundaryF1, BoundaryIoU, ConfusionMatrix, Metric, TrimapIoU

__all__ = [
    "METRICS",
    "BoundaryF1",
    "BoundaryIoU",
    "ConfusionMatrix",
    "Evaluation",
    "Metric",
    "TrimapIoU",
    "evaluate",
    "evaluate_all",
]
