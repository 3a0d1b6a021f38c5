"""What `help`, `inspect.signature` and editors show of the models' constructors, whose shared arguments stand once."""

import inspect
import pydoc
import typing

import pytest
from typing_extensions import Unpack

from deeplab_tf import DeepLabV3
from deeplab_tf.models import MODELS, SegmentationModel, shared_settings
from deeplab_tf.models.arguments import arguments_of
from deeplab_tf.models.shared_settings import EncoderSettings, ModelSettings

KEPT_BY_ALL = {
    "labels": None, "input_shape": (None, None, 3), "depth_multiplier": None, "crop_size": None, "image_size": None,
    "upsample_logits": True, "weights": None, "name": None,
}  # fmt: skip
FROZEN = {"v2": True}
# Of DeepLabv3, in the release and in this package's first version.
V3 = {
    "backbone": "resnet_101_beta", "classes": None, "output_stride": 16, "atrous_rates": None, "divisible_by": None,
    "multi_grid": None, "cascade_blocks": None, "dense_prediction_cell": None, "image_pooling": True,
    "separable": False, "filters": 256, "dropout": 0.1, "frozen_batch_norm": False, **KEPT_BY_ALL,
}  # fmt: skip


def defaults(kind):
    return {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}


def test_a_signature_has_all_arguments_and_their_defaults():
    assert defaults(DeepLabV3) == V3


@pytest.mark.parametrize("kind", MODELS)
def test_every_model_takes_what_all_take(kind):
    found = defaults(MODELS[kind])
    assert {name: found[name] for name in KEPT_BY_ALL} == KEPT_BY_ALL
    assert found["frozen_batch_norm"] is FROZEN.get(kind, False)
    assert {parameter.annotation for parameter in inspect.signature(MODELS[kind]).parameters.values()} >= {bool}


@pytest.mark.parametrize("kind", MODELS)
def test_help_explains_every_argument_once(kind):
    text = pydoc.render_doc(MODELS[kind], renderer=pydoc.plaintext)
    for name in arguments_of(MODELS[kind]):
        assert text.count(f"\n |      {name}: ") == 1, name
    assert "**settings" not in inspect.getdoc(MODELS[kind])
    for section in ("Args", "Call arguments", "Returns", "Raises", "Example"):
        assert text.count(f"\n |  {section}:\n") == 1
    assert max(map(len, inspect.getdoc(MODELS[kind]).splitlines())) <= 120


def test_help_shows_the_signature():
    first_lines = pydoc.render_doc(DeepLabV3, renderer=pydoc.plaintext).splitlines()[:4]
    assert any(
        "DeepLabV3(backbone: str = 'resnet_101_beta', classes: int | None = None, *, " in line for line in first_lines
    )


@pytest.mark.parametrize("kind", MODELS)
def test_types_are_told_as_they_are(kind):
    hints = typing.get_type_hints(MODELS[kind].__init__)
    assert list(hints) == arguments_of(MODELS[kind])
    assert (hints["classes"], hints["upsample_logits"]) == (int | None, bool)


def test_an_argument_that_is_both_own_and_shared_is_refused():
    # As type checkers refuse it.
    with pytest.raises(ValueError, match="duplicate parameter name: 'labels'"):

        class Both(SegmentationModel):
            def __init__(self, labels=None, **settings: Unpack[ModelSettings]):
                super().__init__({"labels": labels, **settings})


def test_what_a_shared_argument_means_stands_once():
    source = inspect.getsource(shared_settings)
    assert [name for name in EncoderSettings.__annotations__ if source.count(f"    {name}: Annotated[") != 1] == []
