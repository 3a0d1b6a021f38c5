"""DeepLabv2 against the harness, its summed branches, and its scales against each other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV2, load_model, save_model
from deeplab_tf.export import fold_batch_norm
from deeplab_tf.layers import BatchNorm, ImageScale, ResizeLike
from harness.model_harness import ModelHarness, random_images


class TestDeepLabV2(ModelHarness):
    model_class = DeepLabV2
    settings = {"output_stride": 16, "frozen_batch_norm": False}  # noqa: RUF012
    classifiers = ("logits.semantic", "logits.semantic_1", "logits.semantic_2", "logits.semantic_3")
    reduced_layer = "MobilenetV2.Conv"


def small(**settings):
    """A model of MobileNetV2 at a quarter of its width."""
    keras.utils.set_random_seed(7)
    return DeepLabV2("mobilenet_v2", depth_multiplier=0.25, classes=3, **settings)


def test_the_branches_are_summed():
    both, first, second = small(atrous_rates=(2, 5)), small(atrous_rates=(2,)), small(atrous_rates=(5,))
    for layer in both.layers:
        for other, name in ((first, layer.name), (second, layer.name.replace("semantic_1", "semantic"))):
            belongs = any(name == known.name for known in other.layers)
            if layer.weights and belongs and not (other is second and layer.name == "logits.semantic"):
                other.get_layer(name).set_weights(layer.get_weights())
    images = random_images(1, 65, 49)
    np.testing.assert_allclose(both(images), first(images) + second(images), atol=1e-5)


def test_scales_share_their_weights_and_their_maximum_is_the_prediction():
    model = small(multi_scale=True, upsample_logits=False)
    single = small(upsample_logits=False)
    assert model.rebuild(multi_scale=False).reinitialized == []
    single.set_weights(model.rebuild(multi_scale=False).get_weights())
    images = random_images(1, 97, 65)
    outputs = model.by_scale()(images)
    assert list(outputs) == ["scale_0.5", "scale_0.75", "scale_1", "fused"]
    for scale in (0.5, 0.75, 1):
        alone = ResizeLike()([single(ImageScale(scale)(images)), outputs["scale_1"]])
        np.testing.assert_allclose(outputs[f"scale_{scale}"], alone, atol=1e-5)
    highest = np.max([outputs[f"scale_{scale}"] for scale in (0.5, 0.75, 1)], axis=0)
    np.testing.assert_allclose(outputs["fused"], highest, atol=1e-6)
    np.testing.assert_allclose(model(images), highest, atol=1e-6)


def test_many_scales_save_and_fold(tmp_path):
    model = small(multi_scale=True, atrous_rates=(2,))
    images = random_images(1, 50, 65)
    expected = model(images).numpy()
    save_model(model, tmp_path / "model.keras")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras")(images), expected, atol=1e-6)
    folded = fold_batch_norm(model)
    assert not any(isinstance(layer, BatchNorm) for layer in folded.layers)
    np.testing.assert_allclose(folded(images), expected, atol=1e-4)


def test_all_scales_train_with_fit():
    model = small(multi_scale=True, frozen_batch_norm=False)
    trainer = model.by_scale()
    before = model.get_layer("logits.semantic").get_weights()[0]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    trainer.compile("sgd", dict.fromkeys(trainer.output, loss), run_eagerly=True)
    labels = np.random.default_rng(0).integers(0, 3, (2, 65, 49)).astype(np.int32)
    batches = tf.data.Dataset.from_tensors((random_images(2, 65, 49), dict.fromkeys(trainer.output, labels)))
    logs = trainer.fit(batches, verbose=0).history
    assert {f"{name}_loss" for name in trainer.output} <= set(logs)
    assert logs["loss"][0] == pytest.approx(sum(logs[f"{name}_loss"][0] for name in trainer.output), rel=1e-4)
    assert np.abs(model.get_layer("logits.semantic").get_weights()[0] - before).max() > 0


def test_the_body_is_frozen_as_in_the_paper():
    model = DeepLabV2("resnet_18_v2", classes=3)
    assert (model.backbone_name, model.output_stride) == ("resnet_18_v2", 8)
    norms = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
    assert norms
    assert not any(layer.trainable_weights for layer in norms)
    thawed = model.rebuild(frozen_batch_norm=False)
    assert all(layer.trainable_weights for layer in thawed.layers if isinstance(layer, BatchNorm))


def test_branches_of_vgg_have_their_own_fully_connected_layers():
    model = DeepLabV2("vgg_16", classes=3, depth_multiplier=0.05, atrous_rates=(2, 4, 8, 12))
    rates = [layer.dilation_rate[0] for layer in model.layers if ".fc6" in layer.name and "kernel" in dir(layer)]
    assert rates == [2, 4, 8, 12]
    assert model(random_images(1, 65, 81)).shape == (1, 65, 81, 3)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"atrous_rates": ()}, r"one or more whole numbers above 0.*received \(\)"),
        ({"atrous_rates": (6, 0)}, r"received \(6, 0\)"),
        ({"backbone": "vgg_16", "output_stride": 16}, "output_stride"),
        ({"backbone": "resnet_101"}, "another network than DeepLabV3's; received .*'resnet_101'. Take 'resnet_101_v2'"),
        ({"backbone": "resnet_18"}, "Take 'resnet_18_v2'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV2(**{"backbone": "mobilenet_v2", "depth_multiplier": 0.25, **settings})


def test_one_scale_has_no_parts():
    with pytest.raises(ValueError, match="multi_scale=True"):
        small().by_scale()
