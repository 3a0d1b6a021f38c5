"""Measuring models and exported files on labelled images."""

from deeplab_tf.evaluation.comparison import comparison_table, save_csv, save_json, short_names
from deeplab_tf.evaluation.crf_search import CRFGrid, CRFSearch, CRFTrial, Example, search_crf, search_crf_parameters
from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.evaluator import evaluate, evaluate_all
from deeplab_tf.evaluation.metrics import METRICS, BoundaryF1, BoundaryIoU, ConfusionMatrix, Metric, TrimapIoU
from deeplab_tf.evaluation.ranking import Ranking, Uncertainty, rank_images
from deeplab_tf.evaluation.report import Report
from deeplab_tf.evaluation.speed import Benchmark, Figures, benchmark

__all__ = [
    "METRICS",
    "Benchmark",
    "BoundaryF1",
    "BoundaryIoU",
    "CRFGrid",
    "CRFSearch",
    "CRFTrial",
    "ConfusionMatrix",
    "Evaluation",
    "Example",
    "Figures",
    "Metric",
    "Ranking",
    "Report",
    "TrimapIoU",
    "Uncertainty",
    "benchmark",
    "comparison_table",
    "evaluate",
    "evaluate_all",
    "rank_images",
    "save_csv",
    "save_json",
    "search_crf",
    "search_crf_parameters",
    "short_names",
]
