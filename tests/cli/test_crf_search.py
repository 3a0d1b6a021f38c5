"""`deeplab-tf crf-search`: a search on files, its result for `--crf`, and wrong input in one line."""

import json
import shutil

import numpy as np
import pytest

from deeplab_tf.cli import main
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.labels import LabelSpec
from harness.tiny_model import photo, tiny_model

SPEC = LabelSpec(("ground", "tree", "roof", "road"), name="aerial")
GRID = ["--bilateral-weights", "1", "--sigma-alphas", "10,20", "--sigma-betas", "5", "--iterations", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of four classes, and `raw`, a folder of images and masks."""
    folder = tmp_path_factory.mktemp("search")
    tiny_model(labels=SPEC).save(folder / "model.keras")
    for name in ("images", "masks"):
        (folder / "raw" / name).mkdir(parents=True)
    for index in range(3):
        write_image(folder / f"raw/images/{index}.png", photo(40, 50, index))
        mask = np.kron(np.random.default_rng(index).choice([0, 1, 2, 3, 255], (5, 5)), np.ones((8, 10), int))
        write_label_png(folder / f"raw/masks/{index}.png", mask.astype(np.uint8), SPEC.palette)
    return folder


def run(capsys, folder, *arguments, command="crf-search"):
    """Exit code, what was printed, and what was complained of."""
    code = main([command, *(str(argument) for argument in (folder / "model.keras", *arguments))])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_searches_says_what_it_found_and_evaluate_takes_it(folder, capsys, tmp_path):
    search = ["--data", folder / "raw", "--images", 2, *GRID, "--output", tmp_path / "crf"]
    code, said, complaint = run(capsys, folder, *search)
    assert code == 0, complaint
    lines = said.splitlines()
    assert "2 sets of parameters on 2 images, 1 iteration" in lines
    assert lines[-1].startswith(("Best: --crf 1,", "A dense CRF does not pay here"))
    best = json.loads((tmp_path / "crf/best.json").read_text())
    assert best["crf"] in said
    evaluation = ["--data", folder / "raw", "--crf", tmp_path / "crf/best.json"]
    code, said, complaint = run(capsys, folder, *evaluation, command="evaluate")
    assert code == 0, complaint
    assert "mean IoU" in said


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--images", 0], "count must be a whole number above 0; received 0"),
        (
            ["--sigma-alphas", "0,30"],
            "sigma_alphas must be one number above 0 or more, each at most 1000000; received (0.0, 30.0)",
        ),
        (
            ["--bilateral-weights", "-1"],
            "bilateral_weights must be one number above 0 or more, each at most 1000000; received (-1.0,)",
        ),
        (["--spatial-weight", 0], "spatial_weight must be a number above 0 and at most 1000000; received 0.0"),
        (["--iterations", 0], "iterations must be a whole number above 0; received 0"),
        (["--workers", 0], "workers must be a whole number above 0; received 0"),
        (["--labels", "pascal_voc"], "has 4 classes (aerial), the data have 21 (pascal_voc)"),
        (["--masks", "nowhere"], "nowhere"),
        (["--output-stride", 7], "output_stride"),
    ],
)
def test_wrong_input_is_one_line(folder, capsys, tmp_path, arguments, message):
    code, _, complaint = run(capsys, folder, "--data", folder / "raw", "--output", tmp_path / "crf", *arguments)
    assert (code, len(complaint.splitlines())) == (2, 1)
    assert message in complaint
    assert not (tmp_path / "crf").exists()


def test_images_without_masks_are_one_line(folder, capsys, tmp_path):
    shutil.copytree(folder / "raw", tmp_path / "raw")
    (tmp_path / "raw/masks/1.png").unlink()
    code, _, complaint = run(capsys, folder, "--data", tmp_path / "raw", "--output", tmp_path / "crf", *GRID)
    assert (code, len(complaint.splitlines())) == (2, 1)
    assert "1.png" in complaint


def test_its_help_has_examples(capsys):
    assert main(["crf-search", "--help"]) == 0
    said = capsys.readouterr().out
    assert said.count("deeplab-tf crf-search ") >= 3
    assert "--crf crf/best.json" in said
    assert " --crf " not in said.partition("Options:")[2]
