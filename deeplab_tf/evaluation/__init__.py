"""Measuring models and exported files on labelled images."""

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.evaluator import evaluate
from deeplab_tf.evaluation.metrics import ConfusionMatrix

__all__ = ["ConfusionMatrix", "Evaluation", "evaluate"]
