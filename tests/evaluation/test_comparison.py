import numpy as np
import pytest

from deeplab_tf.evaluation import ConfusionMatrix, Evaluation, comparison_table, save_csv
from deeplab_tf.labels import label_spec


def result(predictions):
    matrix = ConfusionMatrix(2)
    matrix.update(np.array([[0, 1]]), np.array([predictions]))
    return Evaluation(label_spec(2), matrix, images=1, seconds=1.0)


def test_two_results_are_compared_and_no_other_number(tmp_path):
    two = {"a": result([0, 0]), "b": result([0, 1])}
    assert comparison_table(two).splitlines()[1].split() == ["class_0", "0.5000", "1.0000", "+0.5000"]
    for results in ({"a": two["a"]}, {**two, "c": two["a"]}):
        with pytest.raises(ValueError, match=rf"results must be two; received {len(results)}\. Compare two at a time"):
            comparison_table(results)
    with pytest.raises(ValueError, match=r"results must be two; received 3\."):
        save_csv(tmp_path / "classes.csv", {**two, "c": two["a"]})
