"""Anything that predicts, timed beside others in one run: time, memory, size, agreement and mean IoU."""

from deeplab_tf.evaluation.speed.benchmark import Benchmark, benchmark
from deeplab_tf.evaluation.speed.figures import Figures

__all__ = ["Benchmark", "Figures", "benchmark"]
