"""The quickstart notebook runs from top to bottom."""

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "quickstart.ipynb"


def test_quickstart_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("QUICKSTART_STEPS", "2")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    draws = next(cell for cell in notebook.cells if "draw_shapes(" in cell.source)
    # What 300 images show, 20 show as well.
    draws.source, fewer = re.subn(r'"drawn", 300\)', '"drawn", 20)', draws.source)
    assert fewer == 1
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 3
    text = "".join(output.get("text", "") for output in outputs)
    assert "mean IoU" in text and "equal labels" in text
