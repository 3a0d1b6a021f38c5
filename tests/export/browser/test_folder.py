import json
import re

import pytest

from deeplab_tf.export import export_browser
from deeplab_tf.export.browser import folder as folder_module
from deeplab_tf.export.browser import write_page
from deeplab_tf.export.browser.runtime import FILES
from deeplab_tf.images import write_image
from deeplab_tf.inference import open_predictor
from harness.small_tflite import small_tflite
from harness.tiny_model import photo, tiny_model

ASSETS = {path.name for path in folder_module.PAGE.iterdir()} | {"_headers", "model.tflite"}


@pytest.fixture(scope="module")
def model():
    return tiny_model(backbone="resnet_18", image_size=65)


@pytest.fixture(scope="module")
def npm(tmp_path_factory):
    """A folder like npm's, its files no programs."""
    root = tmp_path_factory.mktemp("npm") / "node_modules"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root.parent


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    return folder


def imports(page):
    text = (page / "index.html").read_text()
    return json.loads(re.search(r'<script type="importmap">(.*?)</script>', text, re.DOTALL)[1])["imports"]


def test_export(model, npm, tmp_path):
    output = tmp_path / "page"
    report = export_browser(model, output, runtime=npm, images=[photo(40, 65)])
    assert (report.path, report.agreement) == (output, 1)
    assert report.bytes == sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    image = photo(90, 120)
    same = open_predictor(output / "model.tflite").predict(image) == open_predictor(model).predict(image)
    assert same.mean() > 0.99
    for address in imports(output).values():
        assert (output / address).read_text() in FILES
    assert "jsdelivr" not in (output / "index.html").read_text()
    with pytest.raises(ValueError, match="page exists"):
        export_browser(model, output)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return small_tflite(tmp_path_factory.mktemp("lite") / "a.tflite")


def test_page_around_a_file(file, page, tmp_path):
    sample = tmp_path / "My Bird.PNG"
    write_image(sample, photo(20, 30))
    write_page(page, file, sample=sample)
    assert {path.name for path in page.iterdir()} == ASSETS | {"sample.png"}
    assert (page / "model.tflite").read_bytes() == file.read_bytes()
    assert imports(page)["@litertjs/core"] == "https://cdn.jsdelivr.net/npm/@litertjs/core@2.5.3/dist/index.js"
    text = (page / "index.html").read_text()
    assert 'data-file="sample.png"' in text
    assert "Cross-Origin-Embedder-Policy: require-corp" in (page / "_headers").read_text()


def test_only_a_page_of_ours_and_nothing_beside_it_is_replaced(model, file, page):
    write_page(page, file)
    assert folder_module.is_page(page)
    (page / ".git").mkdir()
    with pytest.raises(ValueError, match="page exists and is not an export of this kind"):
        export_browser(model, page, overwrite=True)
    assert (page / ".git").is_dir()
    (page / ".git").rmdir()
    (page / "model.tflite").write_text("a file of somebody else")
    assert not folder_module.is_page(page)


def test_names_are_text(file, page, monkeypatch):
    about = {"labels": {"name": "<script>alert(1)</script>"}, "outputs": "labels"}
    monkeypatch.setattr(folder_module, "read_tflite_content", lambda _: type("File", (), {"about": about}))
    write_page(page, file)
    assert "<script>alert" not in (page / "index.html").read_text()


def test_scores_that_the_page_does_not_read(file, page, monkeypatch):
    about = {"outputs": "low_logits", "precision": "int8"}
    monkeypatch.setattr(folder_module, "read_tflite_content", lambda _: type("File", (), {"about": about}))
    with pytest.raises(ValueError, match="a.tflite gives low_logits in int8, .*Export labels"):
        write_page(page, file)
    assert not list(page.iterdir())


def test_wrong_inputs_write_nothing(model, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "half" / "@litertjs" / "core").mkdir(parents=True)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "letter.txt").write_text("not a page")
    before = sorted(tmp_path.rglob("*"))
    for arguments, message in (
        ({"sample": tmp_path / "notes.txt"}, "notes.txt"),
        (
            {"runtime": tmp_path / "half"},
            "half does not hold LiteRT.js: @litertjs/core/dist/index.js is not there",
        ),
        ({"runtime": tmp_path / "none"}, "none does not hold LiteRT.js"),
        ({"output": tmp_path / "old", "overwrite": True}, "old exists and is not an export of this kind"),
        ({"size": 2}, "size must be"),
        ({"precision": "int8"}, "int8 takes the range of every layer from images"),
        ({"output": tmp_path / "notes.txt" / "page"}, "Cannot write to"),
    ):
        with pytest.raises(ValueError, match=message):
            export_browser(model, **{"output": tmp_path / "page", **arguments})
        assert sorted(tmp_path.rglob("*")) == before


def test_an_unlike_export_is_named_as_the_user_knows_it(model, tmp_path, monkeypatch):
    def unlike(_, file, *__, **given):
        assert given == {"images": None, "min_agreement": None, "precision": "float32", "calibration": None}
        raise ValueError(f"{file} was not written: its labels differ.")

    monkeypatch.setattr(folder_module, "export_tflite", unlike)
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'page' / 'model.tflite'} was not written")):
        export_browser(model, tmp_path / "page")
    assert not list(tmp_path.iterdir())


@pytest.mark.shared
def test_a_released_file_is_not_for_the_page(shared, page):
    with pytest.raises(ValueError, match="was not written by export_tflite. Import it: deeplab-tf import"):
        write_page(page, shared / "weights" / "deeplabv3_mnv2_dm05_pascal_quant.tflite")
    assert not list(page.iterdir())
