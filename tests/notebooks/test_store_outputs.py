"""What stands in the notebooks: outputs that are small and tell nothing of a machine, one install cell, one address."""

import base64
import importlib.util
import io
import os
import re
import subprocess
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from PIL import Image

from harness.notebooks import NOTEBOOKS, code_cells

ROOT = NOTEBOOKS.parent
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
TEXTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "setup.py", "mkdocs.yml", "CITATION.cff")]
TEXTS += [
    path for folder in ("docs", "notebooks") for path in (ROOT / folder).glob("*.*") if path.suffix in (".md", ".ipynb")
]
PLACE = re.compile(r"github(?:usercontent)?(?:\.com)?/([\w.-]+)/deeplab-tf\b")


@pytest.fixture(scope="module", params=NAMES)
def notebook(request):
    found = nbformat.read(NOTEBOOKS / f"{request.param}.ipynb", as_version=4)
    found.name = request.param
    return found


def test_outputs_are_stored_whole_and_small(notebook):
    assert (NOTEBOOKS / f"{notebook.name}.ipynb").stat().st_size < 400_000
    code = code_cells(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    pictures = [text for output in outputs for kind, text in output.get("data", {}).items() if "image/" in kind]
    assert pictures
    assert all(len(picture) * 3 / 4 < 61_000 for picture in pictures)
    assert {output.output_type for output in outputs} <= {"stream", "display_data"}
    assert {output.name for output in outputs if "name" in output} <= {"stdout"}


def test_outputs_tell_nothing_of_the_machine(notebook):
    told = "".join(output.get("text", "") for cell in code_cells(notebook) for output in cell.outputs)
    homes = {str(Path.home()), str(ROOT), tempfile.gettempdir()}
    assert [found for found in (*homes, "Warning", "WARNING") if found in told] == []
    assert re.findall(r"(?:^|[\s'\"])/\w.*", told) == []


def test_each_has_its_badge_and_the_same_first_cell(notebook):
    title, badge, *_ = notebook.cells[0].source.split("\n\n")
    assert title.startswith("# ")
    picture = "https://colab.research.google.com/assets/colab-badge.svg"
    start = re.escape(f"[![Open in Colab]({picture})](https://colab.research.google.com/github/")
    assert re.fullmatch(rf"{start}[\w-]+/deeplab-tf/blob/main/notebooks/{notebook.name}\.ipynb\)", badge)
    quickstart = nbformat.read(NOTEBOOKS / "quickstart.ipynb", as_version=4)
    assert notebook.cells[1].source == quickstart.cells[1].source


def test_the_first_cell_installs_where_the_package_is_missing(monkeypatch):
    notebook = nbformat.read(NOTEBOOKS / "quickstart.ipynb", as_version=4)
    code = TransformerManager().transform_cell(code_cells(notebook)[0].source)
    installed = []

    class Shell:
        def run_line_magic(self, name, line):
            installed.append((name, line))

    def run():
        exec(code, {"get_ipython": Shell})

    run()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("DEEPLAB_TF_REPOSITORY", "https://github.com/OWNER/deeplab-tf")
    with pytest.raises(ValueError, match="placeholder: write the account"):
        run()
    assert installed == []
    monkeypatch.setenv("DEEPLAB_TF_REPOSITORY", "file:///home/me/deeplab-tf")
    run()
    assert [name for name, _ in installed] == ["pip"]


def places(paths):
    return {found for path in paths for found in PLACE.findall(path.read_text(encoding="utf-8"))}


def test_one_address_stands_everywhere_and_one_command_sets_it(tmp_path):
    assert len(places(TEXTS)) == 1
    (command,) = re.findall(r"^git grep .*$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    copies = [tmp_path / f"{number}{path.suffix}" for number, path in enumerate(TEXTS)]
    for path, copy in zip(TEXTS, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    environment = {**os.environ, "GIT_DIR": str(tmp_path / ".git"), "GIT_WORK_TREE": str(tmp_path)}
    for line in ("git init -q", "git add .", command):
        subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, check=True)
    assert places(copies) == {"your-account"}


def test_what_is_stored_is_small_and_tells_no_path():
    spec = importlib.util.spec_from_file_location("store_outputs", NOTEBOOKS / "store_outputs.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.PICTURE_BYTES = 9_000
    said = f"/a.pb: folded\n{tempfile.mkdtemp()}/run: 2 steps\nimages   24  (3.0 per second)\n"
    shown = script.tidied(nbformat.v4.new_output("stream", text=said), ['"/a.pb"'])
    assert shown.text == "run: 2 steps\nimages   24\n"
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)).save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": "<Figure>"}
    shown = script.tidied(nbformat.v4.new_output("display_data", data))
    ((kind, stored),) = shown.data.items()
    assert shown.metadata == {kind: {"width": 300}}
    assert len(base64.b64decode(stored)) <= 9_000
    assert Image.open(io.BytesIO(base64.b64decode(stored))).width < 300
