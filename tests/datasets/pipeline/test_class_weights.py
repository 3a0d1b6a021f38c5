"""Weights of the classes against worked examples and the published ones of CamVid."""

import json

import numpy as np
import pytest

from deeplab_tf.datasets.pipeline.class_weights import class_weights, read_class_weights

# Counted in the 367 training masks of CamVid at 480x360, and the weights that SegNet's authors trained with
# (segnet_train.prototxt of their tutorial), whose masks were an earlier version of these.
CAMVID_PIXELS = (
    10682767, 14750079, 623349, 20076880, 2845085, 6166762, 743859, 714595, 3719877, 405385, 184967,
)  # fmt: skip
CAMVID_IMAGE_PIXELS = (
    63244800, 63072000, 63244800, 63417600, 60307200, 55123200, 60652800, 29894400, 62208000, 54777600, 34732800,
)  # fmt: skip
SEGNET = (0.2595, 0.1826, 4.5640, 0.1417, 0.9051, 0.3826, 9.6446, 1.8418, 0.6823, 6.2478, 7.3614)
SIGN_SYMBOL = 6


def test_median_frequency_is_worked_by_hand():
    # Shares 0.6, 0.3, 0.2: the median is 0.3.
    counts = [600, 300, 100], [1000, 1000, 500]
    np.testing.assert_allclose(class_weights(counts[0], "median_frequency", counts[1]), [0.5, 1.0, 1.5])
    roots = class_weights(counts[0], "root_median_frequency", counts[1])
    np.testing.assert_allclose(roots, [0.707107, 1.0, 1.224745], rtol=1e-5)


def test_median_frequency_is_that_of_segnet():
    found = class_weights(CAMVID_PIXELS, "median_frequency", CAMVID_IMAGE_PIXELS)
    ratios = np.delete(found / SEGNET, SIGN_SYMBOL)
    np.testing.assert_allclose(ratios / np.median(ratios), 1, atol=0.12)


def test_inverse_log_and_inverse_frequency_are_worked_by_hand():
    # 1 / ln(1.52), 1 / ln(1.27).
    np.testing.assert_allclose(class_weights([2, 1, 1], "inverse_log"), [2.388286, 4.183805, 4.183805], rtol=1e-5)
    np.testing.assert_allclose(class_weights([2, 1, 1], "inverse_frequency"), [2 / 3, 4 / 3, 4 / 3])


@pytest.mark.parametrize("method", ["median_frequency", "root_median_frequency", "inverse_log", "inverse_frequency"])
def test_a_class_without_pixels_counts_once_and_changes_no_other(method):
    with_gap = class_weights([60, 0, 40], method, [100, 0, 100])
    without = class_weights([60, 40], method, [100, 100])
    np.testing.assert_allclose(with_gap, [without[0], 1, without[1]])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([1, 2], "median"), "method must be one of 'median_frequency', .*received 'median'"),
        (([1, 2], "median_frequency"), r"needs image_pixels.*received None. Count them"),
        (([1, 2], "root_median_frequency"), "root_median_frequency needs image_pixels"),
        (([1, 2], "median_frequency", [2]), r"needs image_pixels.*received \[2\]"),
        (([1, 2], "median_frequency", [2, 1]), r"no fewer pixels of the images"),
        (([0, 0], "inverse_log"), r"at least one above 0; received \[0\.0, 0\.0\]"),
        (([], "inverse_log"), "at least one above 0"),
        (([3, -1], "inverse_log"), "at least one above 0"),
    ],
)
def test_impossible_counts_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        class_weights(*arguments)


@pytest.mark.parametrize("content", [[1, 2.5], {"class_weights": [1, 2.5], "images": 3}])
def test_a_file_gives_its_weights(tmp_path, content):
    (tmp_path / "weights.json").write_text(json.dumps(content))
    np.testing.assert_array_equal(read_class_weights(tmp_path / "weights.json", 2), [1, 2.5])


OTHER = ["[1]", "[1, -1]", "[0, 0]", "[1, NaN]", '["a", "b"]', "[true, 1]", '{"weights": [1, 1]}', "3", '"ab"']


@pytest.mark.parametrize("content", [*OTHER, f"[1, {'9' * 400}]"])
def test_other_values_are_refused_by_name(tmp_path, content):
    (tmp_path / "weights.json").write_text(content)
    with pytest.raises(ValueError, match=r"weights\.json: expected 2 class weights.*received .*inspect --json"):
        read_class_weights(tmp_path / "weights.json", 2)


@pytest.mark.parametrize("content", ["[" * 100_000, f"[1, {'9' * 5000}]", "{"])
def test_files_that_are_no_json_are_refused_by_name(tmp_path, content):
    (tmp_path / "weights.json").write_text(content)
    with pytest.raises(ValueError, match=r"weights\.json cannot be read as a JSON file"):
        read_class_weights(tmp_path / "weights.json", 2)


def test_a_missing_file_says_what_writes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*none\.json\. Check the path; .*inspect --json. writes"):
        read_class_weights(tmp_path / "none.json", 2)
