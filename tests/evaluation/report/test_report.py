import csv
import json
import re

import numpy as np
import pytest

from deeplab_tf.evaluation import Report, evaluate, evaluate_all
from deeplab_tf.labels import LabelSpec

SPEC = LabelSpec(("ground", "tree", "roof & <b>wall</b>", "car"), name="aerial")


class Channel:
    """Predicts each pixel's value in one of the image's channels."""

    kind, labels = "fake", SPEC

    def __init__(self, channel):
        self.channel, self.source = channel, f"channel {channel}"

    def predict(self, image):
        return image[..., self.channel].astype(np.int32)

    def probabilities(self, image):
        return np.eye(4, dtype=np.float32)[self.predict(image)]


def examples(count):
    """Images whose red is right except in as many columns as they have numbers; green in three columns, always."""
    for number in range(count):
        truth = np.tile(np.arange(12) // 4, (12, 1)).astype(np.uint8)
        truth[0] = 255
        image = np.stack([np.where(truth == 255, 0, truth)] * 3, -1)
        image[:, :number, 0] = 2
        image[:, :3, 1] = 2
        yield {"image": image, "label": truth, "filename": f"<{number}>.png"}


def text_of(page):
    return re.sub(r"data:image/\w+;base64,[^\"]+", "DATA", page.read_text())


def test_report_of_one_model(tmp_path):
    with Report(tmp_path / "out", SPEC, ["runs/voc.keras"], shown=2) as report:
        (result,) = evaluate_all([Channel(0)], examples(6), metrics=report.metrics, on_image=report.add)
        page = report.finish([result])
    assert page == tmp_path / "out/report.html"
    assert {path.name for path in page.parent.iterdir()} == {
        "report.html", "metrics.json", "classes.csv", "images.csv", "confusion_matrix.csv", "confusion_matrix.png",
        "iou_by_frequency.png", "trimap.png",
    }  # fmt: skip
    text = text_of(page)
    assert "<h1>voc.keras</h1>" in text
    assert "roof &amp; &lt;b&gt;wall&lt;/b&gt;" in text
    assert f"<td>{result.miou:.4f}" in text
    # The worst two, then the best two, and no other image.
    shown = re.findall(r"<figcaption>&lt;(\d)&gt;\.png: mean IoU ([\d.]+)", text)
    assert [number for number, _ in shown] == ["5", "4", "0", "1"]
    alone = evaluate(Channel(0), list(examples(6))[5:])
    assert float(shown[0][1]) == pytest.approx(alone.miou, abs=1e-3)
    assert text.count('"DATA"') == 4 + 3
    rows = list(csv.DictReader((tmp_path / "out/images.csv").open()))
    assert [row["image"] for row in rows] == [f"<{number}>.png" for number in range(6)]
    assert float(rows[5]["miou"]) == pytest.approx(alone.miou, abs=1e-6)
    assert float(rows[5]["tree"]) == pytest.approx(3 / 4, abs=1e-6)
    assert rows[5]["car"] == ""
    matrix = list(csv.reader((tmp_path / "out/confusion_matrix.csv").open()))
    assert matrix[0][1:] == list(SPEC.names)
    assert [list(map(int, row[1:])) for row in matrix[1:]] == result.matrix.counts.tolist()
    assert json.loads((tmp_path / "out/metrics.json").read_text())["trimap_5"] == pytest.approx(
        result.totals["trimap_5"]
    )


def test_report_of_two_models(tmp_path):
    models = ["a/model.keras", "b/model.keras"]
    with Report(tmp_path, SPEC, models) as report:
        results = evaluate_all([Channel(0), Channel(1)], examples(6), metrics=report.metrics, on_image=report.add)
        text = text_of(report.finish(results))
    first, second = results
    assert "<b>B</b>\nb/model.keras" in text
    assert f"<td>{first.miou:.4f}<td>{second.miou:.4f}<td>{second.miou - first.miou:+.4f}" in text
    # The first is better with fewer wrong columns than three; where they are equal they are not shown.
    better = [re.findall(r"<figcaption>&lt;(\d)", part) for part in re.split(r"<h2>Where [AB] is", text)[1:]]
    assert better == [["0", "1", "2"], ["5", "4"]]
    rows = list(csv.DictReader((tmp_path / "images.csv").open()))
    assert [int(row["pixels_that_differ"]) for row in rows] == [33, 22, 11, 0, 11, 22]
    assert float(rows[0]["difference"]) < 0 < float(rows[5]["difference"])
    assert {"confusion_matrix_1.csv", "confusion_matrix_2.png"} <= {path.name for path in tmp_path.iterdir()}


def test_a_report_that_fails_leaves_the_earlier_one(tmp_path):
    (tmp_path / "images.csv").write_text("earlier")
    with pytest.raises(ValueError, match="broken"), Report(tmp_path, SPEC, ["a"]):
        raise ValueError("broken")
    assert [path.name for path in tmp_path.iterdir()] == ["images.csv"]
    assert (tmp_path / "images.csv").read_text() == "earlier"


def test_a_report_that_fails_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="broken"), Report(tmp_path / "new/out", SPEC, ["a"]):
        raise ValueError("broken")
    assert not list(tmp_path.iterdir())


def test_three_models_are_refused(tmp_path):
    with pytest.raises(ValueError, match="models must be one name or two; received"):
        Report(tmp_path, SPEC, ["a", "b", "c"])


def test_only_one_class_and_no_outline(tmp_path):
    flat = {"image": np.zeros((9, 9, 3), np.uint8), "label": np.zeros((9, 9), np.uint8)}
    with Report(tmp_path, SPEC, ["a"]) as report:
        text = text_of(report.finish(evaluate_all([Channel(0)], [flat], metrics=report.metrics, on_image=report.add)))
    assert "Along the outlines" not in text
    assert "image 1: mean IoU 1.000" in text
