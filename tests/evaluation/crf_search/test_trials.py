"""The search on arrays, against every parameter of the grid tried one by one."""

import itertools

import numpy as np
import pytest

from deeplab_tf.crf import CRFParameters, DenseCRF
from deeplab_tf.evaluation import CRFGrid, Example, search_crf_parameters
from harness.planted_crf import GRID, Coarse, planted_image

OPTIONS = {"grid": GRID, "iterations": 3}


def miou(predictions, examples):
    predicted = np.concatenate([one.ravel() for one in predictions])
    true = np.concatenate([example.labels.ravel() for example in examples])
    predicted, true = predicted[true != 255], true[true != 255]
    unions = [((true == one) | (predicted == one)).sum() for one in range(3)]
    hits = [((true == one) & (predicted == one)).sum() for one in range(3)]
    return np.mean([hit / union for hit, union in zip(hits, unions) if union])


@pytest.fixture(scope="module")
def examples():
    items = [planted_image(seed) for seed in range(2)]
    return [Example(item["image"], Coarse().probabilities(item["image"]), item["label"]) for item in items]


@pytest.fixture(scope="module")
def found(examples):
    return search_crf_parameters(examples, **OPTIONS)


def test_the_best_is_that_of_the_whole_grid(examples, found):
    tried = {}
    for values in itertools.product(GRID.bilateral_weights, GRID.sigma_alphas, GRID.sigma_betas):
        parameters = CRFParameters(*values, 0.5, 1, "after")
        crf = DenseCRF(parameters, iterations=3, engine="tensorflow")
        refined = [crf.refine(image, probabilities) for image, probabilities, _ in examples]
        tried[parameters] = miou([one.argmax(-1) for one in refined], examples)
    best = max(tried, key=tried.get)
    assert best.bilateral_weight > min(GRID.bilateral_weights)
    assert best.sigma_alpha > min(GRID.sigma_alphas)
    assert min(GRID.sigma_betas) < best.sigma_beta < max(GRID.sigma_betas)
    assert found.best.parameters == best
    assert found.best.miou == pytest.approx(tried[best], abs=1e-6)
    assert found.without == pytest.approx(miou([one.probabilities.argmax(-1) for one in examples], examples), abs=1e-6)
    assert found.pays
    assert len(found.trials) < len(GRID)
    for trial in found.trials:
        assert trial.miou == pytest.approx(tried[trial.parameters], abs=0.003)


def test_a_search_that_goes_on_finds_the_same(examples, found):
    steps = []
    search_crf_parameters(examples, **OPTIONS, on_trials=steps.append, workers=1)
    assert [len(step.trials) for step in steps] == list(range(2, len(found.trials) + 1, 2))
    assert steps[-1] == found
    asked = []
    again = search_crf_parameters(examples, **OPTIONS, known=steps[4], on_trials=asked.append)
    assert again == found
    assert len(asked) == len(steps) - 5


def test_where_a_crf_does_not_pay_it_says_so(examples):
    right = [one._replace(probabilities=np.eye(3)[one.labels % 255] * 0.97 + 0.01) for one in examples]
    found = search_crf_parameters(right, grid=CRFGrid((3,), (8, 40), (80,)), iterations=2)
    assert found.without == 1
    assert not found.pays
    assert found.table().splitlines()[-1] == (
        f"A dense CRF does not pay here: the best of 2 changes mean IoU by {found.gain:+.4f}, so leave it out."
    )


def test_bad_input(examples):
    with pytest.raises(ValueError, match="examples must be one or more; received 0"):
        search_crf_parameters([])
    with pytest.raises(ValueError, match=r"examples must be a list, .*; received 'generator'\. Try list\(examples\)"):
        search_crf_parameters(one for one in examples)
    with pytest.raises(ValueError, match=r"The probabilities have 3 classes, the labels 21 \(pascal_voc\)"):
        search_crf_parameters(examples, "pascal_voc")
    with pytest.raises(ValueError, match=r"no labelled pixel to measure on"):
        search_crf_parameters([examples[0]._replace(labels=np.full((24, 24), 255))])
    fewer = examples[1]._replace(probabilities=np.full((24, 24, 2), 0.5))
    with pytest.raises(ValueError, match="image 2: the probabilities have 2 classes, those of image 1 3"):
        search_crf_parameters([examples[0], fewer], iterations=1, workers=1)
    with pytest.raises(ValueError, match=r"image 2: labels hold \[7\]"):
        search_crf_parameters([examples[0], examples[1]._replace(labels=np.full((24, 24), 7))])
