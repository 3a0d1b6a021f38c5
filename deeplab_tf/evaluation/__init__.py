"""Measuring models and exported files on labelled images."""

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.evaluator import evaluate, evaluate_all
from deeplab_tf.evaluation.metrics import METRICS, BoundaryF1, BoundaryIoU, ConfusionMatrix, Metric, TrimapIoU
from deeplab_tf.evaluation.ranking import Ranking, Uncertainty, rank_images

__all__ = [
    "METRICS",
    "BoundaryF1",
    "BoundaryIoU",
    "ConfusionMatrix",
    "Evaluation",
    "Metric",
    "Ranking",
    "TrimapIoU",
    "Uncertainty",
    "evaluate",
    "evaluate_all",
    "rank_images",
]
