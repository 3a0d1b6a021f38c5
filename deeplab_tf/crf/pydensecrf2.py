"""The dense CRF of the pydensecrf2 package (Kraehenbuehl's C++ code), which runs on one core."""

from __future__ import annotations

import functools
import importlib
import logging
from types import ModuleType

import numpy as np

from deeplab_tf.crf.parameters import CRFParameters
from deeplab_tf.files.reading import reason

_log = logging.getLogger(__name__)


@functools.cache
def pydensecrf2() -> ModuleType | None:
    """The module, or None where it is missing or broken, which is logged once.

    A build for another NumPy raises a ValueError, one for another Python or system whatever it likes.
    """
    try:
        return importlib.import_module("pydensecrf.densecrf")
    except Exception as error:
        _log.warning(
            "pydensecrf2 cannot be used (%s); the dense CRF runs in TensorFlow. To install it: "
            "pip install 'deeplab-tf[crf]'",
            reason(error),
        )
        return None


def refine_with_pydensecrf2(
    image: np.ndarray, probabilities: np.ndarray, parameters: CRFParameters, iterations: int
) -> np.ndarray:
    """Marginals of one image, as `refine_in_tensorflow` gives them for one weight."""
    module = pydensecrf2()
    height, width, classes = probabilities.shape
    normalization = {"symmetric": module.NORMALIZE_SYMMETRIC, "after": module.NORMALIZE_AFTER}
    crf = module.DenseCRF2D(width, height, classes)
    crf.setUnaryEnergy(np.ascontiguousarray(-np.log(probabilities.reshape(-1, classes).T)))
    crf.addPairwiseGaussian(
        sxy=parameters.sigma_gamma,
        compat=parameters.spatial_weight,
        normalization=normalization[parameters.normalization],
    )
    crf.addPairwiseBilateral(
        sxy=parameters.sigma_alpha,
        srgb=parameters.sigma_beta,
        # It takes contiguous memory that it may write to.
        rgbim=np.array(image, order="C"),
        compat=parameters.bilateral_weight,
        normalization=normalization[parameters.normalization],
    )
    return np.ascontiguousarray(np.array(crf.inference(iterations)).T).reshape(probabilities.shape)
