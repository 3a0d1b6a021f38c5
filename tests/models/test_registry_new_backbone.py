"""A new backbone is one function and one row of the table: models, their cost and files, and the commands have it."""

import json

import numpy as np
import pytest

from deeplab_tf import create_model, load_model, model_cost, save_model
from deeplab_tf.backbones import BACKBONES, AtrousRule, Backbone, Features
from deeplab_tf.backbones.width import Width
from deeplab_tf.cli import main
from deeplab_tf.cost import skeleton
from deeplab_tf.layers import Norm, conv_bn, normalize_images

SETTINGS = {"classes": 3, "filters": 8, "atrous_rates": (), "depth_multiplier": 0.5}


def mine(images, *, output_stride=16, depth_multiplier=1.0, frozen_statistics=False):
    """Five convolutions, each of half the size of the one before."""
    rule, scaled = AtrousRule(output_stride), Width(depth_multiplier)
    x, taps = normalize_images(images, "Mine"), {}
    for index in range(1, 6):
        stride, rate = rule.step(2)
        x = conv_bn(
            x, scaled(16), 3, name=f"Mine.conv{index}", norm=Norm(0.99, 1e-3, frozen_statistics), stride=stride,
            rate=rate, explicit_padding=True,
        )  # fmt: skip
        taps[2**index] = x
    return Features(x, {stride: taps[stride] for stride in (4, 8) if stride <= output_stride})


@pytest.fixture(autouse=True)
def row(monkeypatch):
    monkeypatch.setitem(BACKBONES, "mine", Backbone(mine, "Mine", (127.5,) * 3, options=("depth_multiplier",)))


def test_models_are_made_saved_loaded_and_rebuilt(tmp_path):
    model = create_model("v3plus", "mine", decoder_filters=8, crop_size=65, **SETTINGS)
    images = np.random.default_rng(0).integers(0, 256, (1, 65, 81, 3)).astype(np.float32)
    expected = model(images).numpy()
    assert expected.shape == (1, 65, 81, 3)
    assert model.pad_value == (127.5,) * 3
    save_model(model, tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(images), expected, atol=1e-5)
    assert json.dumps(again.settings) == json.dumps(model.settings)
    finer = again.rebuild(output_stride=8)
    assert (finer.reinitialized, finer.get_layer("Mine.conv5").dilation_rate) == ([], (2, 2))


def test_its_cost_is_counted():
    cost = model_cost(skeleton("v3:mine", SETTINGS), (65, 65))
    # 3 and four times 8 channels to 8, with scale and shift of the normalisation.
    assert cost.by_part()["backbone"][0] == 9 * (3 + 4 * 8) * 8 + 5 * 2 * 8
    assert cost.output_stride == 16


def test_the_commands_have_it(capsys):
    assert main(["describe", "v3:mine", "--set", "depth_multiplier=0.5", "--size", "65"]) == 0
    assert "conv5" in capsys.readouterr().out


def test_what_it_lacks_is_refused():
    with pytest.raises(
        ValueError, match=r"'mine' has no multi_grid; leave it out. Its options are \['depth_multiplier'\]"
    ):
        create_model("v3", "mine", multi_grid=(1, 2, 4))
    with pytest.raises(ValueError, match="no decoder features at stride 16; it has them at"):
        create_model("v3plus", "mine", decoder_strides=(16,))
