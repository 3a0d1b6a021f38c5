"""Runs the notebooks of the repository."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def run_notebook(name: str, folder: Path, less: Mapping[str, str]) -> tuple[str, int]:
    """Runs a notebook from top to bottom.

    Args:
        name: Of the file, without its ending.
        folder: Where it runs.
        less: What stands once in its code, and what is run instead: the same with less work.

    Returns:
        All that it printed, and how many pictures it showed.
    """
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code)
    for before, after in less.items():
        (cell,) = [cell for cell in code if before in cell.source]
        cell.source = cell.source.replace(before, after)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in code for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    return "".join(output.get("text", "") for output in outputs), len(pictures)
