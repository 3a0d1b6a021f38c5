"""The search for a dense CRF's parameters on a few labelled images."""

from deeplab_tf.evaluation.crf_search.examples import Example
from deeplab_tf.evaluation.crf_search.grid import CRFGrid
from deeplab_tf.evaluation.crf_search.result import CRFSearch, CRFTrial
from deeplab_tf.evaluation.crf_search.search import search_crf
from deeplab_tf.evaluation.crf_search.trials import search_crf_parameters

__all__ = ["CRFGrid", "CRFSearch", "CRFTrial", "Example", "search_crf", "search_crf_parameters"]
