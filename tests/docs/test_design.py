"""docs/design.md describes the tree as it is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/design.md").read_text(encoding="utf-8")
BESIDE = ("datasets", "export")


def tree() -> set[str]:
    """The folders of the package and its top-level modules."""
    inits = (path for folder in ("deeplab_tf", *BESIDE) for path in (ROOT / folder).rglob("__init__.py"))
    folders = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in inits} - {"deeplab_tf/"}
    modules = {f"deeplab_tf/{path.name}" for path in (ROOT / "deeplab_tf").glob("*.py") if path.name[0] != "_"}
    return folders | modules


def test_the_layout_is_the_tree():
    rooms = re.findall(r"^\| `(\S+)` \|", PAGE, re.M)
    assert len(rooms) == len(set(rooms))
    others = {"docs/", "notebooks/", "tests/", "benchmarks/"}
    assert set(rooms) == tree() | others
    assert all((ROOT / room).exists() for room in rooms)


def test_the_layers_are_those_of_the_import_contract():
    contract = re.search(
        r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M | re.DOTALL
    )
    enforced = [set(layer.split(" | ")) for layer in reversed(re.findall(r'"(.*?)"', contract.group(1)))]
    told = re.search(r"\n(checks.*?cli)\n```", PAGE, re.DOTALL).group(1)
    layers = [set(re.split(r",\s*", layer)) for layer in re.split(r"\s+<\s+", told)]
    assert [*layers, {"__main__"}] == enforced
