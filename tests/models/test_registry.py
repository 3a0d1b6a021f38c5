"""Models by name: each name gives its class, and whatever is unknown is refused with what is meant."""

import pytest

import deeplab_tf
from deeplab_tf.models import MODELS, SegmentationModel, model_class
from deeplab_tf.models.registry import first_argument
from deeplab_tf.models.without_values import without_values

CLASSES = {
    "v1": "DeepLabV1", "v2": "DeepLabV2", "v3": "DeepLabV3", "v3plus": "DeepLabV3Plus", "lr_aspp": "LRASPP",
    "auto_deeplab": "AutoDeepLab",
}  # fmt: skip


def test_every_model_has_one_name():
    assert {name: kind.__name__ for name, kind in MODELS.items()} == CLASSES
    for name, kind in MODELS.items():
        assert issubclass(kind, SegmentationModel)
        assert model_class(name) is model_class(kind.__name__) is kind


def test_a_model_is_made_by_its_name():
    model = without_values(
        lambda: deeplab_tf.create_model("v3plus", backbone="mobilenet_v2", classes=5, output_stride=8)
    )
    assert type(model) is deeplab_tf.DeepLabV3Plus
    assert (model.backbone_name, model.classes, model.output_stride) == ("mobilenet_v2", 5, 8)
    default = without_values(lambda: deeplab_tf.create_model("lr_aspp"))
    assert (type(default), default.backbone_name) == (deeplab_tf.LRASPP, "mobilenet_v3_large")


@pytest.mark.parametrize("kind, first", [("v1", "variant"), ("v2", "backbone"), ("auto_deeplab", "genotype")])
def test_what_tells_a_models_variants_apart(kind, first):
    assert first_argument(MODELS[kind]) == first


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        ("v3+", {}, "model must be one of 'v1', .*'v3plus'.*received 'v3\\+'. Did you mean 'v3'"),
        ("DeepLabV9", {}, "model must be one of .*'lr_aspp'.*received 'DeepLabV9'. Did you mean 'DeepLabV"),
        (None, {}, "model must be one of .*received None. Choose one"),
        ("v3", {"num_classes": 3}, "DeepLabV3 has no argument 'num_classes'; did you mean 'classes'"),
        ("v3", {"backbone": "vgg_99"}, "backbone must be one of .*received 'vgg_99'"),
        ("v1", {"backbone": "resnet_101"}, "DeepLabV1 has a fixed backbone; received 'resnet_101'.*variant"),
    ],
)
def test_unknown_models_and_settings_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        deeplab_tf.create_model(kind, **settings)


@pytest.mark.parametrize(
    "kind, given, classes", [("v3", {}, 21), ("v3", {"classes": 19}, 19), ("auto_deeplab", {}, 19)]
)
def test_a_number_of_classes_names_none(kind, given, classes):
    model = without_values(lambda: deeplab_tf.create_model(kind, **given))
    assert model.labels.names == tuple(f"class_{index}" for index in range(classes))
