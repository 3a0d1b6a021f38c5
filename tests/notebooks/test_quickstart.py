"""The quickstart notebook runs from top to bottom."""

from harness.notebooks import run_notebook


def test_quickstart_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("QUICKSTART_STEPS", "2")
    # What 300 images show, 20 show as well.
    text, pictures = run_notebook("quickstart", tmp_path, {'"drawn", 300)': '"drawn", 20)'})
    assert pictures == 3
    assert "mean IoU" in text
    assert "equal labels" in text
