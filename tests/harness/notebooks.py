"""Runs the notebooks of the repository."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def executed(name: str, folder: Path, other: Mapping[str, str], last: str | None = None) -> nbformat.NotebookNode:
    """A notebook as it is after running from top to bottom.

    Args:
        name: Of the file, without its ending.
        folder: Where it runs.
        other: What stands once in its code, and what is run instead.
        last: The id of the cell to end with; all run when left out.
    """
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    if last is not None:
        del notebook.cells[[cell.id for cell in notebook.cells].index(last) + 1 :]
    for before, after in other.items():
        (cell,) = [cell for cell in code_cells(notebook) if before in cell.source]
        cell.source = cell.source.replace(before, after)
    NotebookClient(notebook, timeout=900, coalesce_streams=True, resources={"metadata": {"path": folder}}).execute()
    return notebook


def run_notebook(name: str, folder: Path, other: Mapping[str, str], last: str | None = None) -> tuple[str, int]:
    """Runs a notebook as `executed` does, mostly with less work.

    Returns:
        All that it printed, and how many pictures it showed.
    """
    outputs = [output for cell in code_cells(executed(name, folder, other, last)) for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    return "".join(output.get("text", "") for output in outputs), len(pictures)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Its cells of code, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
