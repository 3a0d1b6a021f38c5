"""Which photograph is segmented where none is given, and who made it."""

import re
from pathlib import Path

import pytest
from PIL import Image

from deeplab_tf.demo import photographs
from deeplab_tf.demo.photographs import CREDIT, OWN, credit_of, photographs_of
from harness.tiny_model import photo

OWN_CREDITS = Path(__file__).resolve().parents[2] / OWN.parent / "CREDITS.txt"


def test_the_photograph_of_the_documentation_is_found_in_a_clone_alone(tmp_path, monkeypatch):
    # As an installed package has it, which has no documentation.
    monkeypatch.setattr(photographs, "__file__", str(tmp_path / "site-packages/deeplab_tf/demo/photographs.py"))
    (tmp_path / "site-packages/deeplab_tf").mkdir(parents=True)
    clone = tmp_path / "clone"
    (clone / OWN).parent.mkdir(parents=True)
    Image.fromarray(photo(8, 8)).save(clone / OWN)
    monkeypatch.chdir(clone)
    # Of some other project.
    with pytest.raises(ValueError, match="--photo FILE"):
        photographs_of([])
    (clone / "deeplab_tf").mkdir()
    found = photographs_of([])
    assert found == [clone / OWN]
    assert credit_of(found) == CREDIT
    assert photographs_of(["docs/photographs"]) == [OWN]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="--photo FILE"):
        photographs_of([])


def test_credit_is_that_of_the_documentation():
    credits = " ".join(OWN_CREDITS.read_text(encoding="utf-8").split())
    _, source, licence, link = re.fullmatch(r"(.+): (.+), (.+) \((.+)\)", CREDIT).groups()
    assert OWN.name in credits
    assert source in credits
    assert f"under {licence} ({link})" in credits


def test_credit_is_given_for_the_own_photograph_alone(tmp_path):
    Image.fromarray(photo(8, 8)).save(tmp_path / "bird.jpg")
    assert credit_of(photographs_of([tmp_path / "bird.jpg"])) is None
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        photographs_of([tmp_path / "missing.jpg"])
