"""Checks of arguments: NumPy's numbers count, and each message says what was received, expected and what to do."""

import json
import re

import numpy as np
import pytest

from deeplab_tf.checks import is_number, is_whole, listing, nearest, number, one_of, sides, whole, whole_numbers

WHOLE = [3, np.int64(3), np.uint8(3), np.int16(3), np.array(3), np.array(3, np.uint16)]


@pytest.mark.parametrize("value", WHOLE, ids=repr)
def test_whole_numbers_of_all_kinds(value):
    assert is_whole(value)
    assert is_number(value)
    got = {
        "whole": whole("n", value, remedy=""),
        "number": number("n", value, remedy=""),
        "numbers": whole_numbers("n", [value], remedy=""),
        "sides": sides("n", value, remedy=""),
        "pair": sides("n", (value, value), remedy=""),
        "one of": one_of("n", value, (3, 4)),
    }
    # json takes Python's own only.
    assert json.loads(json.dumps(got)) == {
        "whole": 3, "number": 3, "numbers": [3], "sides": [3, 3], "pair": [3, 3], "one of": 3
    }  # fmt: skip


@pytest.mark.parametrize("value", [True, np.bool_(True), np.array(True), 3.0, np.float64(3), "3", None, [3]], ids=repr)
def test_what_is_not_a_whole_number(value):
    assert not is_whole(value)
    with pytest.raises(ValueError, match=r"^n must be a whole number above 0; received .*\. Try 3\.$"):
        whole("n", value, remedy="Try 3.")


@pytest.mark.parametrize("value", [True, np.bool_(True), float("nan"), np.float32("inf"), 10**400, "1", None, 1j])
def test_what_is_not_a_finite_number(value):
    assert not is_number(value)


def test_float32_is_a_number_of_its_value():
    assert number("n", np.float32(0.25), remedy="") == 0.25
    assert type(number("n", np.float32(0.25), remedy="")) is float


@pytest.mark.parametrize(
    "limits, expected",
    [
        ({}, "a number"),
        ({"least": 0}, "a number from 0 up"),
        ({"most": -1}, "a number of at most -1"),
        ({"least": 0, "most": 0.5}, "a number from 0 to 0.5"),
        ({"least": 0, "below": 1}, "a number from 0 to below 1"),
        ({"above": 5}, "a number above 5"),
        ({"above": 5, "most": 9}, "a number above 5 and at most 9"),
        ({"above": 5, "below": 9}, "a number above 5 and below 9"),
        ({"below": 1}, "a number below 1"),
    ],
)
def test_the_message_says_the_range(limits, expected):
    value = "text" if not limits else 1.5 if "least" in limits and len(limits) > 1 else 0 if "most" in limits else 5
    value = -1 if limits == {"least": 0} else value
    message = f"share must be {expected}; received {value!r}. Try 2."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        number("share", value, **limits, remedy="Try 2.")


@pytest.mark.parametrize(
    "limits, ends",
    [
        ({"least": 0, "most": 1}, (0, 1)),
        ({"above": 0, "most": 1}, (0.01, 1)),
        ({"least": 0, "below": 1}, (0, 0.99)),
        ({"above": 0, "below": 1}, (0.01, 0.99)),
    ],
)
def test_the_ends_of_a_range(limits, ends):
    taken = [value for value in (-0.01, 0, 0.01, 0.99, 1, 1.01) if is_number(value, **limits)]
    assert (taken[0], taken[-1]) == ends


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: whole("n", 9, least=0, most=8, remedy="Try 3."),
         "n must be a whole number from 0 to 8; received 9. Try 3."),
        (lambda: whole("n", 1, least=2, remedy="Try 3."),
         "n must be a whole number from 2 up; received 1. Try 3."),
        (lambda: whole("n", np.int64(0), remedy="Try 3."),
         "n must be a whole number above 0; received 0. Try 3."),
        (lambda: whole_numbers("n", [1, 2.5], remedy="Try ()."),
         "n must be whole numbers above 0; received [1, 2.5]. Try ()."),
        (lambda: whole_numbers("n", "12", length=2, remedy="Try (1, 2)."),
         "n must be 2 whole numbers above 0; received '12'. Try (1, 2)."),
        (lambda: sides("n", (1, 2, 3), remedy="Try 9."),
         "n must be a side or (height, width) in pixels; received (1, 2, 3). Try 9."),
        (lambda: sides("n", (9, 8), above=8, most=99, remedy="Try 9."),
         "n must be a side or (height, width) in pixels, above 8 and at most 99; received (9, 8). Try 9."),
        (lambda: one_of("n", "trian", ("train", "val")),
         "n must be one of 'train', 'val'; received 'trian'. Did you mean 'train'?"),
        (lambda: one_of("n", True, (1, 2)), "n must be one of 1, 2; received True. Choose one of them."),
        (lambda: one_of("n", np.array([1, 2]), (1, 2)),
         "n must be one of 1, 2; received [1, 2]. Choose one of them."),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("value", [(5, 7), [5, 7], np.array([5, 7]), np.array([5, 7], np.int32)])
def test_pairs_of_sides(value):
    assert sides("n", value, remedy="") == (5, 7)


@pytest.mark.parametrize("value", ["57", {5: 0, 7: 0}, np.array([[5, 7]]), (True, 7), (5.0, 7), {5, 7}, None])
def test_what_is_not_a_pair_of_sides(value):
    with pytest.raises(ValueError, match="side or"):
        sides("n", value, remedy="")


def test_the_nearest_regards_no_case():
    assert nearest("Xception65", ["xception_65", "xception_41", 3]) == ["xception_65"]
    assert nearest(65, ["xception_65"]) == []
    assert nearest("resnet", ["resnet_50", "resnet_18", "vgg"], 2) == ["resnet_50", "resnet_18"]


@pytest.mark.parametrize(
    "items, shown, text", [("abcd", 3, "a, b, c and 1 more"), ("abc", 3, "a, b, c"), (range(7), 2, "0, 1 and 5 more")]
)
def test_listings(items, shown, text):
    assert listing(items, shown) == text
