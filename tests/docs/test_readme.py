"""README's first lines of code, run as they stand, on the photograph that it shows."""

import re
from pathlib import Path

import numpy as np
import pytest

from deeplab_tf.images import read_mask
from deeplab_tf.labels import label_spec
from deeplab_tf.models import save_model
from deeplab_tf.weights import ZOO, load_released

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.shared
def test_its_first_code_segments_the_photograph(shared, tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    (name,) = re.findall(r"Segmenter\(\"(\w+)\"\)", code)
    # Stands for the download: the graph in that archive.
    kept = tmp_path / f"models/deeplab_tf/{name}.keras"
    kept.parent.mkdir(parents=True)
    save_model(load_released(shared / "weights/deeplabv3_mnv2_pascal_trainval_frozen.pb"), kept)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    exec(code, {})
    found, true = read_mask("out/bird_labels.png"), read_mask("docs/photographs/bird_mask.png")
    assert Path("out/bird_overlay.png").is_file()
    bird, known = label_spec("pascal_voc").names.index("bird"), true != 255
    both, either = ((found == bird) & (true == bird))[known], ((found == bird) | (true == bird))[known]
    shown = float(re.search(r"IoU (0\.\d+) with the reference mask", README)[1])
    assert np.sum(both) / np.sum(either) == pytest.approx(shown, abs=0.0007)


def rows(text):
    """Of the tables in a text, the cells of each row."""
    return [[cell.strip(" *") for cell in line[1:-1].split("|")] for line in text.splitlines() if line[:1] == "|"]


def test_its_comparison_says_what_the_page_of_comparisons_says():
    heads, _, *facts = rows((ROOT / "docs/comparison.md").read_text(encoding="utf-8"))
    told = {head: " ".join(row[place] for row in facts) for place, head in enumerate(heads) if head}
    _, _, *shown = rows(README.partition("## Why this one")[2].partition("\n## ")[0])
    assert len(shown) == len(told)
    for package, *cells in shown:
        (there,) = (f"{head} {text}" for head, text in told.items() if head.startswith(package))
        named = re.findall(r"[\w.+-]*[\d+][\w.+-]*|[A-Z][\w-]+", " ".join([package, *cells]))
        assert [word for word in named if word != "8-bit" and word not in there] == []


def test_its_models_are_those_of_the_zoo():
    rows = re.findall(r"^\| `(\w+)` \|.* ([\d.]+ G|-) \| ([\d.]+) (val|test) \|$", README, re.M)
    assert len(rows) == 6
    for name, multiply_adds, miou, split in rows:
        score = ZOO[name].scores[0]
        assert (f"{score.mean_iou:.2f}", score.split) == (miou, split)
        assert multiply_adds == (f"{score.multiply_adds} G" if score.multiply_adds else "-")
