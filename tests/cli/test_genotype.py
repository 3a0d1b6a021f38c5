"""The command that shows genotypes."""

import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.nas import SearchSpace, genotype, random_genotype


def test_the_published_one_is_shown_drawn_and_written(capsys, tmp_path):
    drawing, file = tmp_path / "auto.png", tmp_path / "auto.json"
    assert main(["genotype", "auto_deeplab", "--output", str(drawing), "--json", str(file)]) == 0
    said = capsys.readouterr().out
    # As the paper's figure 3 and its text have it.
    assert "    1  atr 5x5 of H(l-2)   sep 3x3 of H(l-1)\n" in said
    assert "    5  sep 5x5 of block 2  atr 5x5 of block 4\n" in said
    assert "Strides: 4 4 4 8 16 8 16 16 32 32 16 8\n" in said
    assert "Decoder features: stride 4 of layer 3, stride 8 of layer 6, stride 16 of layer 8\n" in said
    with Image.open(drawing) as picture:
        assert picture.width > picture.height > 900
    assert genotype(file) == genotype("auto_deeplab")
    assert main(["genotype", str(file)]) == 0
    assert capsys.readouterr().out == said.split("Drawing")[0]


def test_the_network_of_a_file_is_counted(capsys, tmp_path):
    file = tmp_path / "small.json"
    random_genotype(SearchSpace(layers=2, blocks=1), 0).save(file)
    assert main(["describe", f"auto_deeplab:{file}", "--size", "65"]) == 0
    assert "AutoDeepLab hnasnet" in capsys.readouterr().out
    file.unlink()
    assert main(["describe", f"auto_deeplab:{file}", "--size", "65"]) == 2
    assert f"There is no {file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["darts"], "genotype must be one of 'auto_deeplab', "),
        (["missing.json"], "There is no missing.json"),
        (["auto_deeplab", "--output", "a.bmp"], "A drawing is a file in .png"),
        (["auto_deeplab", "--json", "a.txt"], "must be a .json file"),
    ],
)
def test_wrong_words_cost_one_line(capsys, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["genotype", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_nothing_is_replaced_by_itself(capsys, tmp_path):
    file = tmp_path / "found.json"
    genotype("conv_deconv").save(file)
    assert main(["genotype", "auto_deeplab", "--json", str(file)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["genotype", str(file), "--json", str(file), "--overwrite"]) == 2
    assert genotype(file) == genotype("conv_deconv")
