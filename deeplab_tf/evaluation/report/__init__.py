"""An evaluation as a folder: one page with tables and pictures, and the numbers as CSV and JSON."""

from deeplab_tf.evaluation.report.report import Report

__all__ = ["Report"]
