"""The demonstration leaves what it promises, refuses to overwrite, and touches nothing strange."""

import html.parser
import re
import shutil

import pytest
from PIL import Image

from deeplab_tf import save_model
from deeplab_tf.demo import folder, run
from deeplab_tf.demo.run import run_demo
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A network for photographs, and one."""
    given = tmp_path_factory.mktemp("given")
    save_model(tiny_model(backbone="resnet_18"), given / "voc.keras")
    Image.fromarray(photo(90, 65)).save(given / "cat.jpg")
    return given


@pytest.fixture(scope="module")
def finished(tmp_path_factory, given):
    """The folder of a small demo, and its mean IoU."""
    small = {"backbone": "resnet_18", "depth_multiplier": 0.25, "atrous_rates": (), "batch_size": 2, "crop_size": 65}
    output = tmp_path_factory.mktemp("demo") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "IMAGES", 10)
        patch.setattr(run, "TIMED_RUNS", 1)
        patch.setattr(run, "SETTINGS", {**run.SETTINGS, **small})
        patch.setattr(run.datasets, "draw_shapes", _small(run.datasets.draw_shapes))
        miou = run_demo(output, steps=1, weights=given / "voc.keras", photographs=[given / "cat.jpg"])
    return output, miou


def _small(draw):
    return lambda folder, count, seed=0: draw(folder, count, size=(60, 90), seed=seed)


def test_demo_leaves_a_folder_to_browse(finished):
    output, miou = finished
    assert 0 <= miou <= 1
    for name in (
        "index.html",
        "audit.html",
        "contact_sheet.png",
        "predictions.png",
        "network.png",
        "metrics.json",
        "run/model.keras",
        "run/curves.png",
        "exported/model.tflite",
        "exported/saved_model/saved_model.pb",
        "segmented/00000_overlay.png",
        "photographs/cat_labels.png",
        "photographs/cat_overlay.png",
    ):
        assert (output / name).is_file(), name
    with pytest.raises(ValueError, match="finished demo"):
        run_demo(output)


class Page(html.parser.HTMLParser):
    """Headings of a page and the pictures below each, as their attributes; where its links go."""

    def __init__(self, text):
        super().__init__()
        self.parts, self.links, self._heading = {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "h2":
            self._heading = True
        elif tag == "img":
            list(self.parts.values())[-1].append(attributes)
        elif tag == "a":
            self.links.append(attributes["href"])

    def handle_data(self, data):
        if self._heading:
            self.parts[data], self._heading = [], None


def test_the_page_tells_the_story_in_ten_pictures(finished):
    output, miou = finished
    text = (output / "index.html").read_text()
    page = Page(text)
    assert f"{miou:.4f}" in text
    assert "voc.keras" in text
    chapters = [heading for heading in page.parts if re.match(r"\d+\. ", heading)]
    assert [int(heading.split(".")[0]) for heading in chapters] == list(range(1, 11))
    # Of the photograph, before all else: itself and the overlay.
    assert len(next(iter(page.parts.values()))) == 2
    # The shares of the classes are bars.
    assert [heading for heading in chapters if not page.parts[heading]] == ["2. The classes"]
    captions = re.findall("<figcaption>(.*?)</figcaption>", text)
    assert [name for name in captions if "step" in name or name == "Truth"] == [
        "Before the first step",
        "After step 1",
        "Truth",
    ]
    # It can be sent to others, and read without eyes.
    pictures = [picture for shown in page.parts.values() for picture in shown]
    assert all(picture["src"].startswith("data:image/") and picture["alt"].strip() for picture in pictures)
    assert all((output / link).exists() for link in page.links)
    for form in ("run", "saved_model", "model.tflite"):
        assert f">{form}<" in text


@pytest.mark.parametrize("earlier", [False, True])
def test_what_is_wrong_with_weights_is_said_before_anything_is_drawn(tmp_path, given, monkeypatch, earlier):
    monkeypatch.setattr(run.datasets, "draw_shapes", lambda *_: pytest.fail("drawn"))
    output, damaged, text = tmp_path / "demo", tmp_path / "damaged.tflite", tmp_path / "notes.txt"
    damaged.write_bytes(b"TFL3" * 9)
    text.write_text("milk")
    if earlier:
        output.mkdir()
        (output / folder.PAGE).write_text("finished")
    for weights, photograph in (
        (tmp_path / "missing.tflite", given / "cat.jpg"),
        (damaged, given / "cat.jpg"),
        (text, given / "cat.jpg"),
        (given / "voc.keras", damaged),
    ):
        named = weights.name if weights.parent == tmp_path else photograph.name
        with pytest.raises((ValueError, FileNotFoundError), match=named):
            run_demo(output, overwrite=True, weights=weights, photographs=[photograph])
        assert output.exists() == earlier
    with pytest.raises(ValueError, match="Give weights"):
        run_demo(output, photographs=[given / "cat.jpg"])
    if earlier:
        assert (output / folder.PAGE).read_text() == "finished"
        # Known at once, not when a network has been downloaded.
        with pytest.raises(ValueError, match="finished demo"):
            run_demo(output, weights=tmp_path / "missing.tflite", photographs=[given / "cat.jpg"])


def test_demo_keeps_its_hands_off_other_folders(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match=r"thesis\.tex.*not part of a demo"):
        run_demo(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


# A trip's pictures and a repository: names that a demo has too, and hidden ones.
@pytest.mark.parametrize("name", ["photographs/sea.jpg", "run/model.keras", ".git/HEAD", ".env"])
def test_demo_takes_no_other_folder_for_an_unfinished_one(tmp_path, name):
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    part = name.partition("/")[0]
    with pytest.raises(ValueError, match=f"holds '{part}', which is not part of a demo"):
        run_demo(tmp_path / "mine", overwrite=True)
    assert file.read_text() == "mine"


def test_an_unfinished_demo_is_replaced(tmp_path, monkeypatch):
    def fail(output, *_):
        (output / "drawn").mkdir()
        raise ValueError("ended")

    monkeypatch.setattr(run, "_run", fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="ended"):
            run_demo(tmp_path / "demo")
        assert (tmp_path / "demo/drawn").is_dir()


def test_places_that_cannot_be_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_run", lambda *_: pytest.fail("begun"))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "real")
    for output in (".", tmp_path / "link", "/"):
        with pytest.raises(ValueError, match=r"replaces its folder as a whole.*deeplab-demo"):
            run_demo(output)
    monkeypatch.chdir(tmp_path)
    for weights, photograph in (("demo/run", "cat.jpg"), ("voc.keras", "demo/new/1.png")):
        with pytest.raises(ValueError, match=r"demo/\S+ lies in demo, which the demo replaces"):
            run_demo("demo", weights=weights, photographs=[photograph], overwrite=True)


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, "killed"])
def test_a_finished_demo_is_there_until_the_next_is_finished(tmp_path, monkeypatch, end):
    output = tmp_path / "demo"
    (output / "run").mkdir(parents=True)
    (output / folder.PAGE).write_text("finished")

    ended = ValueError if end == "killed" else end

    def begin(folder, *_):
        assert [path.name for path in folder.iterdir()] == [".demo"]
        (folder / "drawn").mkdir()
        if end == "killed":
            # As it would look then.
            shutil.copytree(output.with_name(".demo.before"), tmp_path / "copy")
        raise ended

    monkeypatch.setattr(run, "_run", begin)
    with pytest.raises(ended, match=r"^$"):
        run_demo(output, overwrite=True)
    if end == "killed":
        shutil.rmtree(output / "run")
        (output / folder.PAGE).unlink()
        (tmp_path / "copy").rename(output.with_name(".demo.before"))
        with pytest.raises(ValueError, match="finished demo"):
            run_demo(output)
    assert sorted(path.name for path in output.iterdir()) == [folder.PAGE, "run"]
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_new_demo_takes_the_place_of_the_finished_one(tmp_path, monkeypatch):
    (tmp_path / "demo" / "run").mkdir(parents=True)
    (tmp_path / "demo" / folder.PAGE).write_text("old")
    monkeypatch.setattr(run, "_run", lambda output, *_: (output / folder.PAGE).write_text("new"))
    run_demo(tmp_path / "demo", overwrite=True)
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [folder.PAGE]
    assert (tmp_path / "demo" / folder.PAGE).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
