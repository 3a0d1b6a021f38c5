"""What every backbone must do; a backbone's own test inherits it and gives its function."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import backbone
from deeplab_tf.models import copy_weights
from deeplab_tf.models.without_values import without_values


def network(build, output_stride, **options):
    """The backbone as a model from images to its last map and its taps, by stride."""
    images = keras.Input((None, None, 3))
    features = build(images, output_stride=output_stride, **options)
    return keras.Model(images, {"last": features.last, **{str(key): tap for key, tap in features.taps.items()}})


def skeleton(build, output_stride, **options):
    """The same without values in its variables, fast to make, for looks at the structure only."""
    return without_values(lambda: network(build, output_stride, **options))


class BackboneHarness:
    """Inherit, and set the attributes.

    Attributes:
        name: In the table of backbones.
        options: Arguments of a small one.
        channels: By tap's stride, and of `"last"`, at those options.
    """

    name = ""
    options: dict = {}  # noqa: RUF012
    channels: dict = {}  # noqa: RUF012

    def prepare(self, model):
        """Sets weights, where fresh ones hide or mix what the tests look at."""

    @pytest.fixture(scope="class")
    def networks(self):
        """By output stride, all with the weights of one."""
        keras.utils.set_random_seed(4)
        made = {stride: network(backbone(self.name).build, stride, **self.options) for stride in (32, 16, 8)}
        self.prepare(made[32])
        for other in (16, 8):
            assert copy_weights(made[32], made[other]) == []
        return made

    @pytest.mark.parametrize("finer", [16, 8])
    def test_finer_features_subsampled_are_the_coarser_ones(self, networks, finer):
        # A side of 32 k + 1 puts the samples of all strides on each other.
        images = np.random.default_rng(0).uniform(0, 255, (1, 129, 97, 3)).astype(np.float32)
        expected = networks[32](images)["last"].numpy()
        features = networks[finer](images)["last"].numpy()[:, :: 32 // finer, :: 32 // finer]
        assert expected.shape[1:3] == (5, 4)
        np.testing.assert_allclose(features, expected, atol=1e-4 * np.abs(expected).max())

    @pytest.mark.parametrize("output_stride", [8, 16, 32])
    def test_maps_stand_at_their_strides(self, networks, output_stride):
        outputs = networks[output_stride](np.zeros((2, 65, 97, 3), np.float32))
        strides = {"last": output_stride, **{name: int(name) for name in outputs if name != "last"}}
        assert [int(name) for name in outputs if name != "last"] == [
            stride for stride in self.channels if stride != "last" and stride <= output_stride
        ]
        for name, stride in strides.items():
            channels = self.channels[name if name == "last" else int(name)]
            assert outputs[name].shape == (2, 64 // stride + 1, 96 // stride + 1, channels)

    def test_names_begin_with_the_scope(self, networks):
        scope = backbone(self.name).scope
        layers = [layer for layer in networks[16].layers if not isinstance(layer, keras.layers.InputLayer)]
        assert all(layer.name.startswith(f"{scope}.") for layer in layers)

    def test_the_pad_value_becomes_zero(self, networks):
        normalize = networks[16].layers[1]
        grey = np.full((1, 3, 3, 3), backbone(self.name).pad_value, np.float32)
        np.testing.assert_allclose(normalize(grey), 0, atol=1e-6)
