import csv
import functools
import json

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.evaluation import Metric, TrimapIoU, evaluate
from deeplab_tf.images import read_image, read_mask
from deeplab_tf.labels import LabelSpec

SPEC = LabelSpec(("ground", "tree", "roof"), name="aerial")


class RedChannel:
    """Predicts each pixel's red value."""

    kind, source, labels = "fake", "red channel", SPEC

    def predict(self, image):
        return image[..., 0].astype(np.int32)

    def probabilities(self, image):
        return np.eye(3, dtype=np.float32)[image[..., 0]]


def item(red, label, filename="a.jpg"):
    red = np.array(red, np.uint8)
    return {"image": np.stack([red] * 3, -1), "label": np.array(label, np.uint8), "filename": filename}


ITEMS = [item([[0, 1], [1, 1]], [[0, 1], [0, 255]]), item([[2, 2, 2]], [[2, 2, 1]], "b.jpg")]
# Class 0: 1 of 2; class 1: 1 of 3 (one false, one missed); class 2: 2 of 3.
IOU = [1 / 2, 1 / 3, 2 / 3]


def test_worked_example(tmp_path):
    result = evaluate(RedChannel(), iter(ITEMS))
    assert result.images == 2
    assert result.miou == pytest.approx(np.mean(IOU))
    assert result.pixel_accuracy == pytest.approx(4 / 6)
    assert [row["iou"] for row in result.per_class.values()] == pytest.approx(IOU)
    assert result.per_class["tree"] == pytest.approx({"iou": 1 / 3, "accuracy": 1 / 2, "share": 2 / 6})

    result.save_json(tmp_path / "metrics.json")
    saved = json.loads((tmp_path / "metrics.json").read_text())
    assert saved["miou"] == pytest.approx(np.mean(IOU))
    assert saved["confusion_matrix"] == [[1, 1, 0], [0, 1, 1], [0, 0, 2]]
    assert LabelSpec.from_dict(saved["labels"]) == SPEC
    result.save_csv(tmp_path / "metrics.csv")
    with open(tmp_path / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == list(SPEC.names)
    assert [float(row["iou"]) for row in rows] == pytest.approx(IOU, abs=1e-6)


def test_table_has_a_row_a_class_and_the_totals():
    lines = evaluate(RedChannel(), ITEMS).table().splitlines()
    assert lines[0].split() == ["class", "IoU", "accuracy", "share"]
    assert [line.split()[:2] for line in lines[1:4]] == [["ground", "0.5000"], ["tree", "0.3333"], ["roof", "0.6667"]]
    assert len({len(line) for line in lines[:5]}) == 1
    assert ["mean", "IoU", "0.5000"] in [line.split() for line in lines]


def test_further_metrics_are_in_table_json_and_csv(tmp_path):
    result = evaluate(RedChannel(), ITEMS, metrics=["boundary_iou", functools.partial(TrimapIoU, widths=(1, 4))])
    assert list(result.metrics) == ["confusion", "boundary_iou", "trimap"]
    # In images so small every pixel is near an outline.
    assert result.totals["boundary_iou"] == result.totals["trimap_4"] == pytest.approx(np.mean(IOU))
    assert result.totals["mean_accuracy"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert result.totals["frequency_weighted_iou"] == pytest.approx((2 * IOU[0] + 2 * IOU[1] + 2 * IOU[2]) / 6)
    lines = result.table().splitlines()
    assert lines[0].split() == ["class", "IoU", "accuracy", "share", "boundary", "IoU"]
    assert ["trimap", "4", "0.5000"] in [line.split() for line in lines]
    assert len({len(line) for line in lines[:5]}) == 1
    assert result.to_dict()["trimap_4"] == pytest.approx(0.5)
    result.save_csv(tmp_path / "metrics.csv")
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0]
    assert header == "class,iou,accuracy,share,boundary_iou,trimap_1,trimap_4"


def test_own_metric():
    class Missed(Metric):
        pixels = 0

        def _add(self, labels, predictions):
            self.pixels += ((labels != predictions) & (labels != self.ignore_label)).sum()

        @property
        def totals(self):
            return {"missed_pixels": self.pixels}

    assert evaluate(RedChannel(), ITEMS, metrics=Missed).totals["missed_pixels"] == 2


@pytest.mark.parametrize(
    "metrics, message",
    [
        ("trimaps", "metrics must be one of 'confusion'.*Did you mean 'trimap'"),
        ([lambda classes, ignore: classes], "which makes int"),
    ],
)
def test_other_metrics_are_refused(metrics, message):
    with pytest.raises(ValueError, match=message):
        evaluate(RedChannel(), ITEMS, metrics=metrics)


def test_class_that_does_not_occur_is_null_dash_and_empty(tmp_path):
    result = evaluate(RedChannel(), ITEMS[:1])
    assert result.to_dict()["per_class"]["roof"]["iou"] is None
    assert result.table().splitlines()[3].split()[:3] == ["roof", "-", "-"]
    result.save_csv(tmp_path / "metrics.csv")
    assert (tmp_path / "metrics.csv").read_text().splitlines()[3] == "roof,,,0.000000"


def test_tf_data_gives_the_same():
    signature = {
        "image": tf.TensorSpec((None, None, 3), tf.uint8),
        "label": tf.TensorSpec((None, None), tf.uint8),
        "filename": tf.TensorSpec((), tf.string),
    }
    dataset = tf.data.Dataset.from_generator(lambda: iter(ITEMS), output_signature=signature)
    assert evaluate(RedChannel(), dataset).miou == pytest.approx(np.mean(IOU))
    wrong = tf.data.Dataset.from_generator(lambda: iter([item([[0]], [[7]])]), output_signature=signature)
    with pytest.raises(ValueError, match=r"^a\.jpg: labels hold \[7\]"):
        evaluate(RedChannel(), wrong)


def test_pairs_give_the_same():
    pairs = [(example["image"], example["label"]) for example in ITEMS]
    assert evaluate(RedChannel(), pairs).miou == pytest.approx(np.mean(IOU))
    data = tf.data.Dataset.from_generator(
        lambda: pairs,
        output_signature=(tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((None, None), tf.uint8)),
    )
    assert evaluate(RedChannel(), data).miou == pytest.approx(np.mean(IOU))


@pytest.mark.parametrize(
    "items, held", [([{"picture": 1, "mask": 2}], r"\['mask', 'picture'\]"), ([(1, 2, 3)], "tuple"), ([3], "int")]
)
def test_other_items_are_refused(items, held):
    with pytest.raises(ValueError, match=rf"Expected pairs \(image, label\).*received {held}.*evaluation_images"):
        evaluate(RedChannel(), items)


def test_data_without_masks_are_refused():
    bare = [{name: ITEMS[0][name] for name in ("image", "filename")}]
    with pytest.raises(ValueError, match=r"^a\.jpg has no mask, so there is nothing to compare.* deeplab-tf segment"):
        evaluate(RedChannel(), bare)


def test_labels_with_a_channel_axis():
    with_axis = [{**one, "label": one["label"][..., None]} for one in ITEMS]
    assert evaluate(RedChannel(), with_axis).miou == pytest.approx(np.mean(IOU))


def test_bad_image_stops_or_is_skipped_and_listed():
    bad = [ITEMS[0], item([[0, 0]], [[9, 0]], "bad.png"), ITEMS[1], item([[0, 0]], [[0]], "size.png")]
    with pytest.raises(ValueError, match=r"bad\.png: labels hold \[9\]"):
        evaluate(RedChannel(), bad)
    result = evaluate(RedChannel(), bad, skip_bad=True)
    assert result.miou == pytest.approx(np.mean(IOU))
    assert [message.split(":")[0] for message in result.skipped] == ["bad.png", "size.png"]
    assert "size.png" in result.table()


def test_image_that_is_not_uint8_rgb_is_refused():
    wrong = {**ITEMS[0], "image": ITEMS[0]["image"].astype(np.float32)}
    with pytest.raises(ValueError, match=r"a\.jpg: expected an RGB image, uint8 \[H, W, 3\]; received float32"):
        evaluate(RedChannel(), [wrong])


def test_data_of_other_classes_are_refused():
    with pytest.raises(ValueError, match=r"red channel has 3 classes \(aerial\), the data have 21 \(pascal_voc\)"):
        evaluate(RedChannel(), ITEMS, labels="pascal_voc")


def test_no_labelled_pixel_is_refused():
    with pytest.raises(ValueError, match="Received 1 image, and no labelled pixel"):
        evaluate(RedChannel(), [item([[0]], [[255]])])


@pytest.mark.shared
@pytest.mark.parametrize("depth, miou, accuracy", [("", 0.7577, 0.9456), ("_dm05", 0.7171, 0.9370)])
def test_released_model_reaches_its_measured_miou(shared, depth, miou, accuracy):
    voc = shared / "data/voc2012"
    names = (voc / "ImageSets/Segmentation/val.txt").read_text().split()
    images = (
        {
            "image": read_image(voc / f"JPEGImages/{name}.jpg"),
            "label": read_mask(voc / f"SegmentationClass/{name}.png"),
            "filename": name,
        }
        for name in names
    )
    result = evaluate(shared / "weights" / f"deeplabv3_mnv2{depth}_pascal_quant.tflite", images)
    assert result.images == 120
    assert result.miou == pytest.approx(miou, abs=5e-4)
    assert result.pixel_accuracy == pytest.approx(accuracy, abs=5e-4)


def test_what_has_no_end_is_refused_before_anything_is_read():
    endless = tf.data.Dataset.from_tensors((ITEMS[0]["image"], ITEMS[0]["label"])).repeat()
    with pytest.raises(ValueError, match=r"has no end, as repeat\(\) makes it; .* take\(n\)"):
        evaluate(RedChannel(), endless)
    assert evaluate(RedChannel(), endless.take(2)).images == 2
