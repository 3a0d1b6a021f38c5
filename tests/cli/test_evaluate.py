"""`deeplab-tf evaluate`: metrics by name, files, and wrong input in one line."""

import json
import shutil

import numpy as np
import pytest

from deeplab_tf import datasets
from deeplab_tf.cli import main
from deeplab_tf.evaluation import evaluate_all
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.inference import Refined, open_predictor
from deeplab_tf.labels import LabelSpec
from harness.tiny_model import photo, tiny_model

SPEC = LabelSpec(("ground", "tree", "roof", "road"), name="aerial")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of four classes; `raw`, a folder of images and masks; `records`, the same converted."""
    folder = tmp_path_factory.mktemp("evaluate")
    tiny_model(labels=SPEC).save(folder / "model.keras")
    for name in ("images", "masks"):
        (folder / "raw" / name).mkdir(parents=True)
    generator = np.random.default_rng(0)
    for index in range(4):
        write_image(folder / f"raw/images/{index}.png", photo(40, 50, index))
        mask = np.kron(generator.choice([0, 1, 2, 3, 255], (5, 5)), np.ones((8, 10), int))
        write_label_png(folder / f"raw/masks/{index}.png", mask.astype(np.uint8), SPEC.palette)
    (folder / "raw/class_names.txt").write_text("\n".join(SPEC.names))
    names = folder / "raw/class_names.txt"
    raw = folder / "raw"
    datasets.convert_folder(raw / "images", raw / "masks", folder / "records", class_names=names, split="val")
    return folder


def run(capsys, *arguments):
    """Exit code, what was printed, and what was complained of."""
    code = main(["evaluate", *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_metrics_by_name(folder, capsys, tmp_path):
    outputs = ["--json", tmp_path / "m.json", "--csv", tmp_path / "m.csv"]
    asked = ["--metric", "boundary_iou", "--metric", "trimap", "--trimap-widths", "7,2"]
    code, said, _ = run(capsys, folder / "model.keras", "--data", folder / "records", *asked, *outputs)
    assert code == 0
    assert "trimap 7" in said
    found = json.loads((tmp_path / "m.json").read_text())
    assert {"miou", "trimap_2", "trimap_7", "boundary_iou"} <= found.keys()
    assert (tmp_path / "m.csv").read_text().startswith("class,iou,accuracy,share,boundary_iou,trimap_2,trimap_7")


def test_report_on_files_before_conversion_equals_that_after(folder, capsys, tmp_path):
    model = folder / "model.keras"
    for name, data in (("raw", folder / "raw"), ("converted", folder / "records")):
        outputs = ["--report", tmp_path / name, "--json", tmp_path / f"{name}.json"]
        code, said, complaint = run(capsys, model, "--data", data, *outputs)
        assert code == 0, complaint
        assert f"Report: {tmp_path / name}/report.html" in said
    found = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("raw", "converted")]
    assert found[0] | {"seconds": 0} == found[1] | {"seconds": 0}


def test_two_models_are_compared(folder, capsys, tmp_path):
    (folder / "runs").mkdir(exist_ok=True)
    shutil.copy(folder / "model.keras", folder / "runs/model.keras")
    models = [folder / "model.keras", folder / "runs/model.keras"]
    files = ["--json", tmp_path / "m.json", "--csv", tmp_path / "m.csv"]
    code, said, _ = run(capsys, *models, "--data", folder / "records", *files)
    assert code == 0
    assert "runs/model.keras  difference" in said
    assert said.count("+0.0000") >= 4
    assert len(json.loads((tmp_path / "m.json").read_text())["models"]) == 2
    assert (tmp_path / "m.csv").read_text().splitlines()[1].endswith(",0.000000")
    code, _, complaint = run(capsys, *models, models[0], "--data", folder / "records")
    assert code == 2
    assert "one, or two to compare" in complaint


def test_crf_is_shown_beside_the_plain_network(folder, capsys, tmp_path):
    model, ways = folder / "model.keras", ["--data", folder / "records", "--scales", "0.5,1", "--flip"]
    files = ["--json", tmp_path / "m.json", "--report", tmp_path / "out"]
    code, said, complaint = run(capsys, model, *ways, "--crf", "3,20,10,3,3", *files)
    assert code == 0, complaint
    assert "model.keras + CRF 3,20,10,3,3  difference" in said
    assert "trimap 5" in said
    found = json.loads((tmp_path / "m.json").read_text())["models"]
    assert list(found) == ["model.keras", "model.keras + CRF 3,20,10,3,3"]
    images = datasets.evaluation_images(datasets.open_dataset(folder / "records"), "val")
    plain = open_predictor(model, scales=(0.5, 1), flip=True)
    expected = [
        result.matrix.counts.tolist() for result in evaluate_all([plain, Refined(plain, "3,20,10,3,3")], images)
    ]
    assert [result["confusion_matrix"] for result in found.values()] == expected
    assert expected[0] != expected[1]
    page = (tmp_path / "out/report.html").read_text()
    assert "<h1>What the dense CRF changes</h1>" in page
    assert page.count("<th>plain<th>refined<th>Difference") == 2
    for text in ("mean IoU plain 0.", "refined is better</h2>", "Along the outlines"):
        assert text in page


def test_data_that_do_not_fit_are_one_line(folder, capsys, tmp_path):
    model = folder / "model.keras"
    for arguments, message in (
        ([folder / "raw", "--labels", "pascal_voc"], "has 4 classes (aerial), the data have 21 (pascal_voc)"),
        ([folder / "raw/images"], "holds neither TFRecords, nor the folders images and masks"),
        ([folder / "raw/images", "--masks", tmp_path], str(tmp_path)),
        ([folder / "records", "--split", "test"], "test"),
    ):
        code, _, complaint = run(capsys, model, "--data", *arguments, "--report", tmp_path / "out")
        assert code == 2
        assert message in complaint
        assert len(complaint.splitlines()) == 1
    assert not (tmp_path / "out/report.html").exists()


def test_bad_pair_is_left_out_and_listed(folder, capsys, tmp_path):
    shutil.copytree(folder / "raw", tmp_path / "raw")
    cut = tmp_path / "raw/images/1.png"
    cut.write_bytes(cut.read_bytes()[:60])
    command = [folder / "model.keras", "--data", tmp_path / "raw"]
    code, _, complaint = run(capsys, *command)
    assert code == 2
    assert str(cut) in complaint
    code, said, complaint = run(capsys, *command, "--skip-bad")
    assert code == 0, complaint
    assert str(cut) in said


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--metric", "trimap", "--trimap-widths", "0,5"], "widths must be whole numbers above 0; received (0, 5)"),
        (["--trimap-widths", "-3"], "widths must be whole numbers above 0; received (-3,)"),
        (["--metric", "boundry_iou"], "Did you mean 'boundary_iou'?"),
    ],
)
def test_wrong_metrics_are_one_line(folder, capsys, arguments, message):
    code, _, complaint = run(capsys, folder / "model.keras", "--data", folder / "records", *arguments)
    assert code == 2
    assert message in complaint
    assert len(complaint.splitlines()) == 1
