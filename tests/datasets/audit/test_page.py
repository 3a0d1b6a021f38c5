import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import inspect_dataset
from deeplab_tf.datasets.audit.inspect import SAMPLES
from deeplab_tf.datasets.audit.page import PICTURES_A_KIND
from harness.damaged_voc import BAD, PAIRS
from harness.damaged_voc import damage as let_accidents_happen
from harness.voc_devkit import draw_devkit, read_list

VOID_TAGS = {"meta", "img", "br"}
CLOSED_BY_THE_NEXT = {"td", "th", "li"}


class Page(HTMLParser):
    """What of a page the tests look at: pictures, headings, text; and that its tags are balanced."""

    def __init__(self, text: str):
        super().__init__()
        self.pictures, self.text, self.open = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link")
        if tag == "img":
            self.pictures.append(dict(attrs)["src"])
        elif tag not in VOID_TAGS | CLOSED_BY_THE_NEXT:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in CLOSED_BY_THE_NEXT:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    damaged = let_accidents_happen(draw_devkit(folder / "devkit", PAIRS))
    inspection = inspect_dataset(damaged.root, page=folder / "audit.html", workers=2)
    return damaged, inspection, Page((folder / "audit.html").read_text(encoding="utf-8"))


def test_every_offender_is_named(audited):
    damaged, _, page = audited
    text = " ".join(page.text)
    for _, file in damaged.findings:
        assert file in text
    assert str(damaged.root / "JPEGImages") not in text, "paths are to be shown below the data set's folder"


def test_pictures_lie_in_the_page_and_are_few(audited):
    _, inspection, page = audited
    assert len(BAD) < len(page.pictures) <= SAMPLES + PICTURES_A_KIND * len(inspection.by_kind())
    for source in page.pictures:
        kind, data = source.split(",", 1)
        assert kind == "data:image/jpeg;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (482, 180)


def test_page_and_bars_tell_the_classes(audited):
    _, inspection, page = audited
    text = " ".join(page.text)
    for name, share in zip(inspection.labels.names, inspection.class_shares):
        assert name in text
        assert f"{100 * share:.2f} %" in text
    assert inspection.verdict() in text


def test_values_that_are_no_class_are_magenta(audited):
    """Of the accident "values that are no class" the patch of 77 is 20 pixels wide."""
    _, inspection, page = audited
    magenta = 0
    for source in page.pictures:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))).astype(int)
        magenta = max(magenta, int(((pixels[..., 0] > 180) & (pixels[..., 1] < 90) & (pixels[..., 2] > 180)).sum()))
    assert magenta > 800
    assert [found.values for found in inspection.findings if found.kind == "wrong_values"] == [(77,)]


def test_names_are_escaped(tmp_path):
    root = draw_devkit(tmp_path / "a<b>&c", train=1, val=1)
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("<script>\n")
    inspect_dataset(root, page=tmp_path / "audit.html", workers=1)
    text = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;.jpg is missing" in text
    assert "<script" not in text
    Page(text)


def test_healthy_set_says_so(tmp_path):
    root = draw_devkit(tmp_path / "devkit", train=3, val=0)
    inspection = inspect_dataset(root, "train", page=tmp_path / "audit.html", contact_sheet=tmp_path / "sheet.png")
    page = Page((tmp_path / "audit.html").read_text(encoding="utf-8"))
    assert inspection.errors == 0
    assert len(page.pictures) == len(read_list(root, "train")) == 3
    assert Image.open(tmp_path / "sheet.png").width > 1400
    assert re.search(r"no errors; \d+ warnings", " ".join(page.text))


def test_page_in_a_bad_place_is_refused(tmp_path):
    root = draw_devkit(tmp_path / "devkit", train=1, val=0)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="Cannot write to .*file"):
        inspect_dataset(root, "train", page=tmp_path / "file" / "audit.html")


def test_set_without_a_readable_image_is_shown_all_the_same(tmp_path):
    for kind, suffix in (("images", "jpg"), ("masks", "png")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"a.{suffix}").write_text("lost")
    inspection = inspect_dataset(tmp_path, page=tmp_path / "audit.html", contact_sheet=tmp_path / "sheet.png")
    assert inspection.to_dict()["counts"] == {"not_an_image": 2}
    assert (inspection.side_range(), inspection.class_weights) == ({}, None)
    assert "no mask without errors" in inspection.table()
    Page((tmp_path / "audit.html").read_text(encoding="utf-8"))
