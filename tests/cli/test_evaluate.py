"""`deeplab-tf evaluate`: metrics by name, files, and wrong input in one line."""

import json

import numpy as np
import pytest

from deeplab_tf import datasets
from deeplab_tf.cli import main
from deeplab_tf.images import write_image, write_label_png
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
