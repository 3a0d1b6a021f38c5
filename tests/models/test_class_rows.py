"""Rows of classifiers go to the classes of the same name."""

import logging

import numpy as np
import pytest

from deeplab_tf import LRASPP, DeepLabV2, DeepLabV3Plus
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.models import copy_weights
from deeplab_tf.models.class_rows import ClassRows
from harness.tiny_model import photo, tiny_model

SOURCE = LabelSpec(("background", "cat", "dog", "traffic light"))
IMAGE = photo(65, 65)[None]


@pytest.mark.parametrize(
    "source, target, pairs",
    [
        (SOURCE.names, ("_background_", "Dog", "zebra", "traffic_light", "cat"), {0: 0, 1: 2, 3: 3, 4: 1}),
        (SOURCE.names, ("__background__", "horse"), {0: 0}),
        (SOURCE.names, ("horse", "cow", "sheep", "mule"), {}),
        (SOURCE.names, ("dog", "cat", "background", "traffic light"), {0: 2, 1: 1, 2: 0, 3: 3}),
        (SOURCE.names, ("class_0", "class_1", "class_2", "class_3"), {0: 0, 1: 1, 2: 2, 3: 3}),
        (("class_0", "class_1"), ("class_0", "class_1"), {0: 0, 1: 1}),
        (("class_0", "class_1", "class_2"), ("class_0", "class_1"), {}),
        (("cat", "Cat", "dog"), ("cat", "dog"), {1: 2}),
        (("人", "狗"), ("狗", "猫"), {0: 1}),
    ],
)
def test_names_are_compared_without_case_blanks_and_underscores(source, target, pairs):
    assert ClassRows(LabelSpec(tuple(source)), LabelSpec(tuple(target))).pairs == pairs


def layouts():
    yield lambda labels: tiny_model(labels=labels, classes=None)
    yield lambda labels: DeepLabV2("resnet_18_v2", labels=labels, atrous_rates=(2, 4), depth_multiplier=1 / 8)
    yield lambda labels: LRASPP("mobilenet_v3_small", labels=labels, depth_multiplier=0.25)
    for merge in ("concat", "sum"):
        yield lambda labels, merge=merge: DeepLabV3Plus(
            "mobilenet_v2", labels=labels, depth_multiplier=0.25, atrous_rates=(), filters=8,
            decoder_strides=(8, 4), decoder_merge=merge, decoder_logits=True,
        )  # fmt: skip


@pytest.mark.parametrize("make", layouts(), ids=["v3", "v2", "lr_aspp", "concat", "sum"])
def test_the_classes_that_are_kept_have_the_logits_that_they_had(make):
    source = make(SOURCE)
    generator = np.random.default_rng(0)
    for name in source.classifiers:
        layer = source.get_layer(name)
        layer.set_weights([generator.normal(0, 0.1, weight.shape) for weight in layer.get_weights()])
    order = ("dog", "_background_", "Cat", "Traffic Light")
    target = source.rebuild(labels={"name": "mine", "names": order})
    assert target.reinitialized == []
    expected = source(IMAGE).numpy()[..., [2, 0, 1, 3]]
    # The order in which a convolution sums over classes is another.
    np.testing.assert_allclose(target(IMAGE), expected, atol=1e-5 * np.abs(expected).max())


def test_it_says_which_are_carried_over(caplog):
    source = tiny_model(labels=SOURCE, classes=None)
    with caplog.at_level(logging.INFO, "deeplab_tf"):
        target = source.rebuild(labels={"name": "mine", "names": ["background", "horse", "dog"]})
    assert "logits.semantic: carried over background, dog; fresh: horse." in caplog.text
    assert target.reinitialized == ["logits.semantic"]
    kept, fresh = target.get_layer("logits.semantic").get_weights(), source.get_layer("logits.semantic").get_weights()
    np.testing.assert_array_equal(kept[0][..., [0, 2]], fresh[0][..., [0, 2]])
    assert np.abs(kept[0][..., 1]).max() < 0.05


def test_no_class_in_common_is_a_fresh_classifier():
    target = tiny_model(labels=SOURCE, classes=None).rebuild(labels={"name": "mine", "names": ["horse", "mule"]})
    assert target.reinitialized == ["logits.semantic"]


def test_as_many_classes_without_names_keep_all():
    source, target = tiny_model(), tiny_model(labels=SOURCE, classes=None, seed=1)
    assert copy_weights(source, target) == []
    np.testing.assert_array_equal(target(IMAGE), source(IMAGE))


@pytest.mark.shared
def test_released_files_give_the_classes_of_their_names(shared):
    from deeplab_tf import load_released, transfer_weights

    path = shared / "weights/deeplabv3_mnv2_dm05_pascal_quant.tflite"
    released = load_released(path)
    mine = released.rebuild(labels={"name": "mine", "names": ["cat", "horse", "quagga", "_background_"]})
    again = mine.rebuild()
    again.get_layer("logits.semantic").set_weights(
        [np.zeros_like(weight) for weight in again.get_layer("logits.semantic").get_weights()]
    )
    transfer_weights(again, path)
    names = label_spec("pascal_voc").names
    expected = released(IMAGE).numpy()[..., [names.index("cat"), names.index("horse"), 0]]
    for model in (mine, again):
        np.testing.assert_allclose(model(IMAGE).numpy()[..., [0, 1, 3]], expected, rtol=1e-3, atol=1e-3)
    assert not again(IMAGE).numpy()[..., 2].any()
