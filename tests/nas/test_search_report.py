"""A report on searches that are done, under way and just begun; what it refuses."""

import csv
import re

import numpy as np
import pytest

from deeplab_tf import AutoDeepLab, model_cost
from deeplab_tf.cli import main
from deeplab_tf.nas import decode, search_report, search_settings
from deeplab_tf.nas.search_folder import COLUMNS, SearchFolder

EPOCHS = 4
SPACE = {"layers": 2, "blocks": 1, "filters": 4, "crop_size": 33, "epochs": EPOCHS, "architecture_epoch": 1}


def begin(folder, seed, epochs):
    """The folder of a search that has learned to prefer pooling, and the path to stride 16, by so many epochs."""
    settings = search_settings(data="camvid", output=str(folder), seed=seed, **SPACE)
    folder.mkdir(parents=True)
    files = SearchFolder(folder)
    files.begin(settings, {"images": 12, "classes": ["<sky>", "road", "car"]})
    alpha, beta = np.zeros(settings.space.alpha_shape), np.zeros(settings.space.beta_shape)
    alpha[:, 5], beta[:, :, 2] = 1, 1
    rows = [
        {**dict.fromkeys(COLUMNS, 0.5), "epoch": epoch, "step": 3 * epoch, "miou": 0.1 * epoch + 0.01 * seed}
        for epoch in range(1, epochs + 1)
    ]
    if rows:
        rows[0]["architecture_loss"] = None
        files.write_epoch(rows, decode(alpha, beta, settings.space), beta)


@pytest.fixture(scope="module")
def searches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searches")
    for seed, epochs in enumerate((EPOCHS, 2, 0)):
        begin(folder / f"trial_{seed}", seed, epochs)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def report(searches, tmp_path_factory):
    return search_report(searches, tmp_path_factory.mktemp("report"))


def test_the_table_has_every_search_as_far_as_it_is(report):
    with (report.page.parent / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    told = [tuple(row[name] for name in ("trial", "seed", "epochs", "miou", "strides", "operations")) for row in rows]
    assert told == [
        ("trial_0", "0", "4", "0.400000", "8 16", "max 3x3 + max 3x3"),
        ("trial_1", "1", "2 of 4", "0.210000", "8 16", "max 3x3 + max 3x3"),
        ("trial_2", "2", "0 of 4", "", "", ""),
    ]
    assert rows[2]["parameters"] == rows[2]["multiply_adds"] == rows[2]["beta_entropy"] == ""
    assert [line.split()[0] for line in report.table().splitlines()] == ["trial", "trial_0", "trial_1", "trial_2"]
    assert report.best.name == "trial_0"


def test_the_cost_is_that_of_the_decoded_network(report, searches):
    model = AutoDeepLab(str(searches[0] / "genotype.json"), base_filters=4, classes=3)
    row = report.trials[0].to_row()
    assert row["parameters"] == sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert row["multiply_adds"] == model_cost(model, (33, 33)).multiply_adds


def test_the_page_needs_no_other_file(report, searches):
    text = report.page.read_text()
    assert len(re.findall('src="data:image/png;base64,', text)) == 3 == text.count("<img")
    assert text.count("<tr") == 4
    assert "camvid: 2 layers, 1 block, 4 filters, crops of 33x33, 4 epochs." in text
    assert "differ in" not in text
    assert "trial_1: seed 1, supernet mIoU 0.2100, entropy of operations 0.500, of links 0.500" in text
    assert (report.page.parent / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_searches_of_different_spaces_are_told(searches, tmp_path, monkeypatch, capsys):
    (tmp_path / "other").mkdir()
    other = search_settings(data="voc", output="x", **{**SPACE, "layers": 3})
    SearchFolder(tmp_path / "other").begin(other, {"images": 12, "classes": ["a"]})
    monkeypatch.chdir(tmp_path / "other")
    assert main(["search-report", ".", str(searches[2]), "--output", str(tmp_path / "out")]) == 0
    assert "The searches differ in data, layers too" in (tmp_path / "out" / "report.html").read_text()
    assert capsys.readouterr().out.splitlines()[1].split() == ["other", "0", "0", "of", "4", "-", "-", "-", "-"]


def test_what_is_no_search_is_refused_in_one_line(searches, tmp_path, capsys):
    assert main(["search-report", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{tmp_path} is not the folder of a search: it has no search.json" in said
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="is the folder of a search. Choose another one"):
        search_report(searches, searches[0])
    # A dense CRF's search has a file of the same name.
    (tmp_path / "search.json").write_text('{"images": 3}')
    with pytest.raises(ValueError, match=r"search\.json cannot be read as the settings of a search"):
        search_report([tmp_path], tmp_path / "out")
    with pytest.raises(ValueError, match="at least one"):
        search_report([], tmp_path / "out")


@pytest.mark.parametrize("name, content", [("log.csv", "epoch,step\n1,x\n"), ("genotype.json", "{}")])
def test_a_damaged_file_is_named(tmp_path, name, content):
    begin(tmp_path / "search", 0, 0)
    (tmp_path / "search" / name).write_text(content)
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        search_report([tmp_path / "search"], tmp_path / "out")
