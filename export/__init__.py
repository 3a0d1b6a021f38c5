"""Exports that run without this package: SavedModel folders, TFLite files, pages; compared with their model."""

from deeplab_tf.export.browser import export_browser
from deeplab_tf.export.report import ExportReport
from deeplab_tf.export.saved_model import export_saved_model
from deeplab_tf.export.tflite import export_tflite
from deeplab_tf.inference.folding import fold_batch_norm

__all__ = ["ExportReport", "export_browser", "export_saved_model", "export_tflite", "fold_batch_norm"]
