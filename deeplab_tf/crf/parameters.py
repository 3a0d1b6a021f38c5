"""What a dense CRF is set by, and the published sets by name (DeepLab v1 and v2 papers, and their released scripts)."""

from __future__ import annotations

import dataclasses
import os
import types
from collections.abc import Mapping
from typing import Any, Literal

from deeplab_tf.checks import expect, number, one_of
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading

NORMALIZATIONS = ("symmetric", "after")
# Far above what does anything; its square still is a float32.
MOST = 1_000_000


@dataclasses.dataclass(frozen=True)
class CRFParameters:
    """The two kernels between pixels of positions p and colours I (v1 paper, equation 3).

    `bilateral_weight * exp(-|dp|^2 / 2 sigma_alpha^2 - |dI|^2 / 2 sigma_beta^2)
    + spatial_weight * exp(-|dp|^2 / 2 sigma_gamma^2)`

    Two implementations divide the kernels differently, so the same numbers are not quite the same CRF. With n(i) the
    sum of a kernel over all pixels j, `after` takes k(i, j) / n(i), as the code that DeepLab v1 and v2 were released
    with; `symmetric` takes k(i, j) / sqrt(n(i) n(j)), as pydensecrf does unless told otherwise. They agree where
    n changes slowly. `dataclasses.replace(parameters, normalization="symmetric")` is what ports of the papers to
    pydensecrf run.

    Args:
        bilateral_weight: w1 of the paper, above 0 and, as the others, at most 1e6.
        sigma_alpha: Width of the bilateral kernel in pixels, above 0. It belongs to images of about 500 pixels: scale
            it with their size.
        sigma_beta: Its width in colours of 0-255, above 0.
        spatial_weight: w2 of the paper, above 0.
        sigma_gamma: Width of the spatial kernel in pixels, above 0.
        normalization: `"symmetric"` or `"after"`.

    Raises:
        ValueError: If a number is not above 0 or too large, or the normalisation is unknown.

    Example:
        >>> CRFParameters(bilateral_weight=4, sigma_alpha=67, sigma_beta=3, spatial_weight=3, sigma_gamma=1)
        CRFParameters(bilateral_weight=4.0, sigma_alpha=67.0, sigma_beta=3.0, spatial_weight=3.0, sigma_gamma=1.0, normalization='symmetric')
    """  # noqa: E501

    bilateral_weight: float
    sigma_alpha: float
    sigma_beta: float
    spatial_weight: float
    sigma_gamma: float
    normalization: Literal["symmetric", "after"] = "symmetric"

    def __post_init__(self):
        for name in NUMBERS:
            value = number(name, getattr(self, name), above=0, most=MOST, remedy="Try 3.")
            object.__setattr__(self, name, float(value))
        one_of("normalization", self.normalization, NORMALIZATIONS)

    @property
    def text(self) -> str:
        """The parameters as `crf_parameters` and `--crf` read them: `"4,67,3,3,1,after"`."""
        return ",".join([*(f"{getattr(self, name):.10g}" for name in NUMBERS), self.normalization])


NUMBERS = tuple(field.name for field in dataclasses.fields(CRFParameters))[:5]


def _released(*numbers: float) -> CRFParameters:
    return CRFParameters(*numbers, normalization="after")


CRF_PARAMETERS: Mapping[str, CRFParameters] = types.MappingProxyType(
    {
        # The settings released with the models of the papers.
        "v1": _released(5, 50, 10, 3, 3),
        "v1_msc": _released(3, 95, 3, 3, 3),
        "v1_coco": _released(5, 67, 3, 3, 3),
        "v1_script": _released(5, 50, 3, 3, 3),
        "v2_vgg_16": _released(4, 65, 3, 2, 2),
        "v2_resnet_101": _released(4, 67, 3, 3, 1),
        # wangleihitcs' port of v1, which reached 67.37 on VOC val.
        "v1_large_fov": _released(4, 121, 5, 3, 3),
        # The start of CRF-RNN's training (Zheng et al., 2015).
        "crf_rnn": _released(5, 160, 3, 3, 3),
        # The example in its README.
        "pydensecrf": CRFParameters(10, 80, 13, 3, 3),
    }
)


def crf_parameters(given: str | os.PathLike | CRFParameters) -> CRFParameters:
    """Parameters by their name in `CRF_PARAMETERS`, as five numbers in a text, or in the file of a search.

    Most names are the settings with which the models of the v1 and v2 papers were released; `crf_rnn` is the start of
    CRF-RNN's training (Zheng et al. 2015).

    Args:
        given: A name; or `"4,67,3,3,1"`: bilateral weight, sigma alpha, sigma beta, spatial weight, sigma gamma, and
            behind a further comma the normalisation; or the path of a `best.json` that `deeplab-tf crf-search` wrote;
            or the parameters themselves.

    Returns:
        The parameters.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no such name and it is not five numbers, or one of them is impossible.

    Example:
        >>> crf_parameters("v1_msc").sigma_alpha, crf_parameters("4,67,3,3,1").sigma_gamma
        (95.0, 1.0)
    """
    if isinstance(given, CRFParameters):
        return given
    given = os.fspath(given) if isinstance(given, os.PathLike) else given
    if isinstance(given, str) and given.endswith(".json"):
        with reading(given, "the result of a CRF search", "Give the best.json of deeplab-tf crf-search."):
            return crf_parameters(_text(read_json(given)))
    if isinstance(given, str) and "," in given:
        numbers, normalization = _split(given)
        return CRFParameters(**dict(zip(NUMBERS, numbers)), **normalization)
    remedy = f"Or give five numbers as in '4,67,3,3,1': {', '.join(NUMBERS)}."
    return CRF_PARAMETERS[one_of("The dense CRF's parameters", given, CRF_PARAMETERS, remedy=remedy)]


def _text(found: Mapping) -> str:
    text = found["crf"]
    expect(isinstance(text, str) and "," in text, "crf", text, "five numbers in a text", "Search again.")
    return text


def _split(text: str) -> tuple[list[float], dict[str, Any]]:
    parts = [part.strip() for part in text.split(",")]
    try:
        numbers = [float(part) for part in parts[:5]]
    except ValueError:
        numbers = []
    valid = len(numbers) == 5 and len(parts) <= 6
    expect(valid, "The dense CRF's parameters", text, f"five numbers: {', '.join(NUMBERS)}", "Try '4,67,3,3,1'.")
    return numbers, dict(zip(["normalization"], parts[5:]))
