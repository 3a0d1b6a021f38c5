"""What predicts: a model, a file or an export, for arrays, files and batches."""

from deeplab_tf.inference.keras import KerasPredictor
from deeplab_tf.inference.multi_scale import MultiScale
from deeplab_tf.inference.open import open_predictor
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.inference.refined import Refined
from deeplab_tf.inference.remembered import Remembered
from deeplab_tf.inference.saved_model import SavedModelPredictor
from deeplab_tf.inference.segmentation import Segmentation
from deeplab_tf.inference.segmented_files import SegmentedFiles, segment_files
from deeplab_tf.inference.segmenter import Segmenter
from deeplab_tf.inference.sliding_window import SlidingWindow
from deeplab_tf.inference.tflite import TFLitePredictor
from deeplab_tf.inference.video import SegmentedVideo, segment_video

__all__ = [
    "KerasPredictor",
    "MultiScale",
    "Predictor",
    "Refined",
    "Remembered",
    "SavedModelPredictor",
    "Segmentation",
    "SegmentedFiles",
    "SegmentedVideo",
    "Segmenter",
    "SlidingWindow",
    "TFLitePredictor",
    "open_predictor",
    "segment_files",
    "segment_video",
]
