"""DeepLabv1 against the harness and the published parameter counts."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV1
from deeplab_tf.models.without_values import without_values
from harness.model_harness import CLASSES, ModelHarness, random_images
from harness.variables import counts


class TestDeepLabV1(ModelHarness):
    model_class = DeepLabV1
    small = {"classes": CLASSES, "depth_multiplier": 1 / 16, "msc": True}  # noqa: RUF012
    reduced_layer = "vgg_16.fc6"


# Worked out from the papers' layouts.
@pytest.mark.parametrize(
    "settings, trainable",
    [
        ({"variant": "7x7"}, 134_346_581),
        ({"variant": "4x4"}, 65_140_565),
        ({}, 20_505_429),
        ({"msc": True}, 20_505_429 + 1_192_576 + 13_440),
    ],
)
def test_parameter_counts(settings, trainable):
    assert counts(without_values(lambda: DeepLabV1(classes=21, **settings))) == (trainable, trainable)


@pytest.mark.parametrize(
    "settings, kernel_size, rate, average",
    [
        ({}, 3, 12, True),
        ({"variant": "7x7"}, 7, 4, False),
        ({"variant": "4x4"}, 4, 8, False),
        ({"variant": "4x4", "atrous_rate": 4}, 4, 4, False),
    ],
)
def test_fields_of_view(settings, kernel_size, rate, average):
    model = DeepLabV1(depth_multiplier=1 / 64, **settings)
    fc6 = model.get_layer("vgg_16.fc6")
    assert (fc6.kernel_size[0], fc6.dilation_rate[0]) == (kernel_size, rate)
    assert ("vgg_16.pool5a" in {layer.name for layer in model.layers}) == average


def test_logits_stand_at_stride_8_when_not_upsampled():
    model = DeepLabV1(depth_multiplier=1 / 64, msc=True, upsample_logits=False, input_shape=(321, 321, 3))
    assert model.output_shape == (None, 41, 41, 21)


def test_dropout_acts_in_training_only():
    model = DeepLabV1(depth_multiplier=1 / 8)
    images = random_images(1, 33, 33)
    np.testing.assert_array_equal(model(images), model(images))
    assert tf.reduce_any(model(images, training=True) != model(images, training=True))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"variant": "5x5"}, "variant must be one of .*'4x4'.*'large_fov'.*received '5x5'"),
        ({"output_stride": 16}, "output_stride 8 only; received 16"),
        ({"atrous_rate": 0}, r"whole numbers above 0.*received \[0\]"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV1(depth_multiplier=1 / 64, **settings)
