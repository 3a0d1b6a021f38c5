"""`import`, `zoo` and `describe`: wrong input costs one line, and is found before long work."""

import re
import tarfile

import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV3, save_model
from deeplab_tf.cli import main
from deeplab_tf.weights import zoo_entry
from deeplab_tf.weights.formats.variable_names import model_variables

NAME = "xception65_coco_voc_trainaug"


def fails(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert not captured.out
    return lines[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small model as a `.keras` file, as a checkpoint of TensorFlow 1, and that in an archive."""
    folder = tmp_path_factory.mktemp("files")
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.5, atrous_rates=(), classes=3)
    save_model(model, folder / "model.keras")
    variables = {name: weight.value for weights in model_variables(model).values() for name, weight in weights.items()}
    (folder / "released").mkdir()
    prefix = folder / "released" / "model.ckpt-7"
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(variables),
        shape_and_slices=[""] * len(variables),
        tensors=list(variables.values()),
    )
    with tarfile.open(folder / "mine.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(folder / "released", "released")
    return folder


def test_a_name_that_cannot_be_written_is_refused_before_the_download(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert "ends in .keras; received" in fails(capsys, "import", NAME, "--output", tmp_path / "voc.h5")
    assert not list(tmp_path.iterdir())


def test_an_archive_is_named_and_not_where_it_was_unpacked(capsys, files, tmp_path):
    assert main(["import", str(files / "mine.tar.gz"), "--output", str(tmp_path / "voc.keras")]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith(f"{files / 'mine.tar.gz'}: DeepLabV3 mobilenet_v2, 3 classes; ")
    assert "depth multiplier 0.5, output stride 16, 3 classes" in captured.out


def test_a_model_is_not_imported_again(capsys, files, tmp_path):
    said = fails(capsys, "import", files / "model.keras", "--output", tmp_path / "again.keras")
    assert "model.keras is a Keras model already" in said


def test_where_the_zoos_files_lie(capsys):
    assert main(["zoo", "--urls"]) == 0
    assert f"{NAME} " in (said := capsys.readouterr().out)
    assert zoo_entry(NAME).url in said


@pytest.mark.parametrize("name", ["model.keras", "released", "released/model.ckpt-7", "mine.tar.gz"])
def test_every_kind_of_file_is_described(capsys, files, name):
    assert main(["describe", str(files / name), "--size", "65"]) == 0
    # The release's half-width network of 21 classes has 697,013; 18 classes of 257 values fewer.
    assert f"{697_013 - 18 * 257:,} parameters" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["v3:mobilenet_v2", "--output", "network.bmp"], "A drawing is a file in .png"),
        (["v3:mobilenet_v2", "--set", "atrous_rates=6"], "atrous_rates must be whole numbers above 0"),
        (["v3:mobilenet_v2", "--set", "depth_multiplier=wide"], "depth_multiplier must be a number above 0"),
        (["v3plus:mobilenet_v2", "--set", "decoder_strides=4"], "decoder_strides must be whole numbers"),
        (["v3:mobilenet_v2", "--set", "separable=maybe"], "separable must be true or false; received 'maybe'"),
        (["v3:mobilenet_v2", "--set", "crop_size=big"], "crop_size must be a side or"),
        (["v3:xception_99"], "backbone must be one of "),
        (["xception_65_imagenet"], "is a start for training, .*for instance v3plus:xception_65"),
    ],
)
def test_wrong_words_cost_one_line(capsys, arguments, message):
    assert re.search(message, fails(capsys, "describe", *arguments))
