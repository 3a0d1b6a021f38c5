"""Groups of settings: what they keep, what they refuse, and what their documentation says."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from deeplab_tf.settings import ARGUMENTS, FLAG, TEXT, Settings, fields_of, number, one_of, setting, size, whole


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group(Settings):
    """A group."""

    folder: str = setting(TEXT, "Where.", name="data")
    count: int = setting(whole(least=0, remedy="Try 3."), "How many.", more="At once.", default=3)
    share: float | None = setting(number(least=0, below=1, remedy="Try 0.5."), "Of all.", unset="all", default=None)
    crop: int | tuple[int, int] = setting(size(most=100, remedy="Try 9."), "Size.", default=9)
    way: str = setting(one_of({"here": 1, "there": 2}), "Which way.", default="here")
    quick: bool = setting(FLAG, "Quickly.", default=False)
    rest: dict | None = setting(ARGUMENTS, "The rest.", default=None)  # noqa: RUF009


def test_values_are_kept_as_plain_python():
    group = Group(
        folder=Path("a") / "b", count=np.int64(4), share=np.float32(0.5), crop=np.array([5, 7]), rest={"a": 1}
    )
    assert (group.folder, group.count, group.share, group.crop, group.rest) == ("a/b", 4, 0.5, (5, 7), {"a": 1})
    assert [type(value) for value in (group.folder, group.count, group.share)] == [str, int, float]
    assert Group(folder="a", crop=[5, 7]).crop == (5, 7)
    assert Group(folder="a", crop=5).crop == 5


def test_what_differs_from_its_default():
    assert Group(folder="a", count=4, way="here").changed() == ["folder", "count"]


def test_names_outside_the_group():
    assert list(fields_of(Group)) == ["data", "count", "share", "crop", "way", "quick", "rest"]


def test_documentation_is_made_of_the_fields():
    assert Group.__doc__.splitlines()[:6] == [
        "A group.",
        "",
        "Args:",
        "    folder: Where.",
        "    count: How many. At once. Default: 3.",
        "    share: Of all. Default: all.",
    ]


def test_arguments_stand_before_the_errors_and_options_by_their_names_in_python():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Later(Settings):
        """Later.

        Raises:
            ValueError: If one is not possible.
        """

        masks: str | None = setting(TEXT, "Beside --val-data.", unset="_mask, ...", default=None)

    assert Later.__doc__.splitlines() == [
        "Later.",
        "",
        "Args:",
        "    masks: Beside `val_data`. Default: _mask, ...",
        "",
        "Raises:",
        "    ValueError: If one is not possible.",
    ]


@pytest.mark.parametrize(
    "values, message",
    [
        ({"folder": 3}, "data must be a text; received 3. Give it in quotation marks."),
        ({"folder": None}, "data must be a text; received None"),
        ({"folder": ""}, "data must be a text that is not empty; received ''. Leave it out, or say which."),
        ({"count": -1}, "count must be a whole number from 0 up; received -1. Try 3."),
        ({"count": 2**40}, "count must be a whole number from 0 to 4294967295; received 1099511627776"),
        ({"share": 1}, "share must be a number from 0 to below 1; received 1. Try 0.5."),
        ({"crop": 101}, "crop must be a side .* received 101. Try 9."),
        ({"way": "hare"}, "way must be one of 'here', 'there'; received 'hare'. Did you mean 'here'?"),
        ({"way": 3}, "way must be a text; received 3"),
        ({"quick": 1}, "quick must be true or false; received 1"),
        ({"rest": {"not a name": 1}}, "rest must be arguments by name; received"),
        ({"rest": [1]}, "rest must be arguments by name"),
    ],
)
def test_other_values_are_refused(values, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        Group(**{"folder": "a", **values})
