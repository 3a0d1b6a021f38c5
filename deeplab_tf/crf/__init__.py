"""The dense CRF of DeepLab v1 and v2: (image, probabilities) -> probabilities."""

from deeplab_tf.crf.dense_crf import DenseCRF
from deeplab_tf.crf.layer import DenseCRFLayer
from deeplab_tf.crf.parameters import CRF_PARAMETERS, CRFParameters, crf_parameters

__all__ = ["CRF_PARAMETERS", "CRFParameters", "DenseCRF", "DenseCRFLayer", "crf_parameters"]
