"""The four multi-scale layouts of the v3 paper's figure 2: the calls of docs/models.md, and that they build and run."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import deeplab_tf
from deeplab_tf import DeepLabV2, DeepLabV3, DeepLabV3Plus
from deeplab_tf.cost import model_cost
from deeplab_tf.models.without_values import without_values

PAGE = Path(__file__).resolve().parents[2] / "docs/models.md"
TINY = {"depth_multiplier": 0.35, "classes": 3}


def strides_and_rates(model):
    """Of each part, the strides of its blocks and the largest atrous rate in it."""
    cost = model_cost(model)
    parts = {}
    for group in cost.groups:
        strides, rate = parts.get(group.part, ([], 1))
        largest = max((max(rates) for rates in group.rates), default=1)
        parts[group.part] = ([*strides, cost.stride(group)], max(rate, largest))
    return cost, parts


def runs(model):
    logits = model(np.zeros((1, 65, 97, 3), np.uint8))
    return logits.shape == (1, 65, 97, 3) and np.isfinite(logits).all()


def test_image_pyramid():
    model = DeepLabV2("mobilenet_v2", atrous_rates=(12,), multi_scale=True, output_stride=16, **TINY)
    assert sorted(model_cost(model).scale_multiply_adds) == [0.5, 0.75, 1.0]
    assert runs(model)


def test_encoder_decoder():
    model = DeepLabV3Plus("mobilenet_v2", output_stride=32, atrous_rates=(), decoder_strides=(16, 8, 4), **TINY)
    _, parts = strides_and_rates(model)
    assert parts["backbone"][0][-1] == 32
    assert {rate for _, rate in parts.values()} == {1}
    stages = [model.get_layer(f"decoder.concat{suffix}") for suffix in ("", "_1", "_2")]
    shapes = keras.Model(model.inputs[0], [stage.output for stage in stages])(np.zeros((1, 65, 65, 3), np.float32))
    assert [stage.shape[1] for stage in shapes] == [5, 9, 17]
    assert runs(model)


def test_cascade():
    model = DeepLabV3("resnet_18", cascade_blocks=3, **TINY)
    _, parts = strides_and_rates(model)
    # Four blocks at stride 16 of rates 2, 4, 8, 16, and no pyramid.
    assert parts["backbone"][1] == 16
    assert "ASPP" not in parts
    assert runs(model)


def test_spatial_pyramid_pooling():
    model = DeepLabV3("mobilenet_v2", **TINY)
    cost, parts = strides_and_rates(model)
    rates = {group.name: group.rates for group in cost.groups if group.part == "ASPP"}
    assert [rates[f"aspp{branch}"] for branch in (1, 2, 3)] == [((6, 6),), ((12, 12),), ((18, 18),)]
    assert set(parts["ASPP"][0]) == {16}
    assert "image_pooling" in rates
    assert runs(model)


CALLS = re.findall(r"^\| \(([abcd])\) .* \| `(DeepLab.*)` \|$", PAGE.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("letter, call", CALLS)
def test_the_readmes_calls_build(letter, call):
    cost = model_cost(without_values(lambda: eval(call, vars(deeplab_tf))))
    deepest = max(cost.stride(group) for group in cost.groups if group.part == "backbone")
    facts = (len(cost.scale_multiply_adds), deepest, "decoder" in cost.by_part(), "ASPP" in cost.by_part())
    assert (
        facts
        == {
            "a": (3, 8, False, False),
            "b": (1, 32, True, True),
            "c": (1, 16, False, False),
            "d": (1, 16, False, True),
        }[letter]
    )


def test_the_readme_has_all_four():
    assert [letter for letter, _ in CALLS] == ["a", "b", "c", "d"]
