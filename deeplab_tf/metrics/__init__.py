"""Metrics of segmentation for `compile(metrics=[...])`: logits in, the ignore label counts nowhere.

They are those of `deeplab_tf.evaluation`, as Keras metrics, for `fit` and its validation.
"""

from deeplab_tf.metrics.boundary import BoundaryF1, BoundaryIoU, TrimapIoU
from deeplab_tf.metrics.confusion import FrequencyWeightedIoU, MeanAccuracy, MeanIoU, PixelAccuracy

__all__ = [
    "BoundaryF1",
    "BoundaryIoU",
    "FrequencyWeightedIoU",
    "MeanAccuracy",
    "MeanIoU",
    "PixelAccuracy",
    "TrimapIoU",
]
