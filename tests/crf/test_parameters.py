"""The published sets of parameters, and what is refused."""

import dataclasses
import re

import pytest

from deeplab_tf.crf import CRF_PARAMETERS, CRFParameters, crf_parameters


def test_names_numbers_and_parameters():
    # The released scripts of DeepLab v2: -w 4 -x 67 -r 3, -w 3 -x 1.
    released = CRFParameters(4, 67, 3, 3, 1, "after")
    assert (
        crf_parameters("v2_resnet_101") == crf_parameters("4, 67,3,3,1,after") == crf_parameters(released) == released
    )
    assert crf_parameters("4,67,3,3,1") == dataclasses.replace(released, normalization="symmetric")
    assert {"v1", "v1_msc", "v1_coco", "v2_vgg_16", "pydensecrf", "crf_rnn"} <= set(CRF_PARAMETERS)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e39, "wide", None])
@pytest.mark.parametrize("name", ["bilateral_weight", "sigma_alpha", "sigma_beta", "spatial_weight", "sigma_gamma"])
def test_impossible_numbers(name, value):
    received = re.escape(repr(value))
    with pytest.raises(ValueError, match=rf"{name} must be a number above 0 and at most 1000000; received {received}"):
        dataclasses.replace(CRF_PARAMETERS["v1"], **{name: value})


@pytest.mark.parametrize("given", ["v5", "4,67,3", "4,67,3,3,0", "4,67,3,3,x", "4,67,3,3,1,before", "", None, 5])
def test_impossible_text(given):
    with pytest.raises(ValueError, match=r"received"):
        crf_parameters(given)
