"""The release's notation of operations."""

import pytest

from deeplab_tf.backbones.operation import Operation


@pytest.mark.parametrize(
    "text, operation",
    [
        ("separable_5x5_2", Operation("separable", 5, 2)),
        ("atrous_3x3", Operation("atrous", 3)),
        ("avg_pool_3x3", Operation("avg_pool", 3)),
        ("none", Operation("none")),
    ],
)
def test_operations_are_read(text, operation):
    assert Operation.parse(text) == operation


@pytest.mark.parametrize("text", ["", "separable_3x3", "separable_3x5_2", "atrous_4x4", "separable_3x3_0", None])
def test_unknown_operations_are_refused(text):
    with pytest.raises(ValueError, match=f"Unknown operation {text!r}; known are separable_KxK_N"):
        Operation.parse(text)


@pytest.mark.parametrize(
    "text, meant", [("atrus_3x3", "atrous_3x3"), ("seperable_5x5", "separable_5x5_2"), ("Max_Pool", "max_pool_3x3")]
)
def test_the_nearest_is_named(text, meant):
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        Operation.parse(text)


@pytest.mark.parametrize("text", ["zero", "skip", ""])
def test_nothing_is_named_where_none_is_near(text):
    with pytest.raises(ValueError, match="and none.$"):
        Operation.parse(text)
