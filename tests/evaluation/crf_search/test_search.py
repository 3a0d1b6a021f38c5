"""The search for a model: what it keeps in a folder, how it goes on, what it refuses."""

import json
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.crf import CRFParameters, DenseCRF, crf_parameters
from deeplab_tf.evaluation import CRFGrid, evaluate, search_crf
from deeplab_tf.evaluation.crf_search.result import read_trials
from deeplab_tf.inference.refined import Refined
from deeplab_tf.interrupts import Interruption
from harness import killed, planted_crf
from harness.planted_crf import GRID, Coarse, planted_image

IMAGES = [planted_image(seed) for seed in range(5)]
OPTIONS = {"count": 2, "grid": GRID, "iterations": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search") / "crf"
    search_crf(Coarse(), IMAGES, output=folder, **OPTIONS)
    return folder


def test_what_the_folder_holds(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["best.json", "search.json", "search.png", "tried.csv"]
    header, without, *trials = (folder / "tried.csv").read_text().splitlines()
    assert (header, without[:3]) == ("stage,crf,miou", "0,,")
    stages = [int(row.partition(",")[0]) for row in trials]
    assert stages == sorted(stages)
    assert len(stages) == len(set(trials))
    best = json.loads((folder / "best.json").read_text())
    assert best["miou"] == max(float(row.rpartition(",")[2]) for row in trials)
    assert best["miou_without"] == float(without.rpartition(",")[2])
    picture = np.asarray(Image.open(folder / "search.png").convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_the_best_gives_what_it_says_on_the_images_drawn(folder):
    best = json.loads((folder / "best.json").read_text())
    parameters = crf_parameters(folder / "best.json")
    assert parameters == crf_parameters(str(folder / "best.json")) == crf_parameters(best["crf"])
    assert parameters == CRFParameters(**{name: best[name] for name in CRFParameters.__dataclass_fields__})
    crf = DenseCRF(parameters, iterations=3, engine="tensorflow")
    # The second and the fourth of five.
    result = evaluate(Refined(Coarse(), crf), [IMAGES[1], IMAGES[3]])
    assert result.miou == pytest.approx(best["miou"], abs=0.003)


def test_a_finished_search_says_so_and_changes_nothing(folder, logged):
    before = (folder / "tried.csv").read_bytes()
    predictor = Coarse()
    search_crf(predictor, iter(IMAGES), output=folder, **OPTIONS)
    assert logged.messages == [f"{folder} holds a finished search; nothing is left to do."]
    assert predictor.predicted == 1
    assert (folder / "tried.csv").read_bytes() == before


def test_a_killed_search_goes_on_to_the_same_end(folder, tmp_path, logged):
    command = [sys.executable, planted_crf.__file__, str(tmp_path / "crf")]
    assert killed.at_rename(9, command)
    assert not (tmp_path / "crf/best.json").exists()
    search_crf(Coarse(), IMAGES, output=tmp_path / "crf", **OPTIONS)
    assert logged.messages[0].startswith(f"{tmp_path / 'crf'}: going on after ")
    for name in ("tried.csv", "best.json", "search.json"):
        assert (tmp_path / "crf" / name).read_bytes() == (folder / name).read_bytes()


def test_an_interrupted_search_says_how_it_goes_on(tmp_path, monkeypatch):
    class Stopped(Coarse):
        def probabilities(self, image):
            if self.predicted == 2:
                raise KeyboardInterrupt
            return super().probabilities(image)

    with pytest.raises(Interruption, match=r"crf keeps what was tried; the same search goes on") as caught:
        search_crf(Stopped(), IMAGES, output=tmp_path / "crf", **OPTIONS)
    assert caught.value.number == signal.SIGINT


@pytest.mark.parametrize(
    "changes, other",
    [
        ({"iterations": 4}, "another iterations"),
        ({"count": 3}, "another images"),
        ({"grid": CRFGrid((3,), (8,), (20,))}, "another grid"),
        ({"model": Coarse(0.69)}, "another model"),
        ({"flip": True}, "another way of predicting"),
        ({"images": [{**item, "label": item["label"] * 0} for item in IMAGES]}, "another checksums"),
    ],
)
def test_a_folder_of_another_search_is_refused(folder, changes, other):
    arguments = {"model": Coarse(), "images": IMAGES, **OPTIONS, **changes}
    with pytest.raises(ValueError, match=f"holds a CRF search with {other}.*Choose another folder"):
        search_crf(**arguments, output=folder)


WITHOUT = "stage,crf,miou\n0,,0.5\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stage,crf,miou\n0,,nan\n",
        'stage,crf,miou\n1,"3,8,20,3,3,after",0.5\n',
        f'{WITHOUT}1,"3,8,20,3,3,after",nan\n',
        f'{WITHOUT}1,"3,8,20,3,3,after",7\n',
        f'{WITHOUT}1,"3,8,20,3,3,after"',
        f'{WITHOUT}1,"3,8,20',
    ],
)
def test_damaged_results_are_named(tmp_path, text):
    (tmp_path / "tried.csv").write_text(text)
    with pytest.raises(ValueError, match=r"tried\.csv cannot be read as the results of a CRF search.*remove it"):
        read_trials(tmp_path / "tried.csv", 2, 3)


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="There is no image to search on"):
        search_crf(Coarse(), [], output=tmp_path / "crf")
    with pytest.raises(ValueError, match="count must be a whole number above 0; received 0"):
        search_crf(Coarse(), IMAGES, count=0)
    with pytest.raises(ValueError, match=r"coarse has 3 classes \(drawn\), the data have 21"):
        search_crf(Coarse(), IMAGES, "pascal_voc")
    with pytest.raises(ValueError, match=r"0\.png has no mask"):
        search_crf(Coarse(), [{name: item[name] for name in ("image", "filename")} for item in IMAGES])
    assert not (tmp_path / "crf").exists()
    (tmp_path / "photo.jpg").write_text("")
    with pytest.raises(ValueError, match=r"is not the folder of a CRF search.*holds photo\.jpg"):
        search_crf(Coarse(), IMAGES, output=tmp_path)
