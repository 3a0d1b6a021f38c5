import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.metrics import BoundaryF1, BoundaryIoU, MeanIoU, TrimapIoU
from harness.label_maps import blocks, boundary_f1, boundary_iou, trimap_iou
from harness.tiny_model import photo, tiny_model


def pairs(ignore):
    generator = np.random.default_rng(4)
    return [blocks(generator, ignore=ignore) for _ in range(4)]


def measured(metric, found):
    """What a metric gives when it sees the images in two batches, in a graph that knows no size."""
    update = tf.function(
        metric.update_state, input_signature=[tf.TensorSpec((None, None, None)), tf.TensorSpec((None,) * 3 + (5,))]
    )
    for batch in (found[:3], found[3:]):
        labels, predictions = (np.stack(maps) for maps in zip(*batch))
        update(labels.astype(np.float32), np.eye(5, dtype=np.float32)[predictions])
    return [float(value) for value in metric.result().values()]


@pytest.mark.parametrize("ignore", [255, 0])
@pytest.mark.parametrize("width", [1, 3, 40])
def test_trimap_equals_all_pairs_of_pixels(width, ignore):
    labels = {"names": list("abcde"), "ignore_label": ignore}
    expected = trimap_iou(pairs(ignore), width, 5, ignore)
    found = measured(TrimapIoU(labels, width=width, per_class=True), pairs(ignore))
    np.testing.assert_allclose(found, [np.nanmean(expected), *expected], rtol=1e-6)


@pytest.mark.parametrize("ignore", [255, 0])
@pytest.mark.parametrize("ratio, width", [(0.02, 1), (0.14, 3)])
def test_boundary_iou_equals_all_pairs_of_pixels(ratio, width, ignore):
    labels = {"names": list("abcde"), "ignore_label": ignore}
    expected = boundary_iou(pairs(ignore), width, 5, ignore)
    found = measured(BoundaryIoU(labels, ratio=ratio, per_class=True), pairs(ignore))
    np.testing.assert_allclose(found, [np.nanmean(expected), *expected], rtol=1e-6)


@pytest.mark.parametrize("ignore", [255, 0])
@pytest.mark.parametrize("tolerance", [0.02, 0.12])
def test_boundary_f1_equals_all_pairs_of_pixels(tolerance, ignore):
    labels = {"names": list("abcde"), "ignore_label": ignore}
    scores = np.array([boundary_f1(*pair, tolerance * np.hypot(13, 17), 5, ignore) for pair in pairs(ignore)])
    there = ~np.isnan(scores).all(0)
    by_class = np.where(there, np.nansum(scores, 0) / np.maximum((~np.isnan(scores)).sum(0), 1), np.nan)
    found = measured(BoundaryF1(labels, tolerance=tolerance, per_class=True), pairs(ignore))
    np.testing.assert_allclose(found, [np.nanmean(scores, 1).mean(), *by_class], rtol=1e-6)


def every_metric(labels):
    return [MeanIoU(labels, per_class=True), TrimapIoU(labels, width=2), BoundaryIoU(labels), BoundaryF1(labels)]


NAMES = ["mean_iou", "mean_iou_a", "mean_iou_d", "trimap_2", "boundary_iou", "boundary_f1"]


def test_in_fit_in_validation_and_saved_with_the_model(tmp_path):
    model = tiny_model(backbone="resnet_18", labels={"names": list("abcd")})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("sgd", loss, metrics=every_metric(model.labels))
    images = np.stack([photo(33, 49, number) for number in range(4)])
    masks = np.tile(np.array([0, 1, 2, 3, 255]).repeat(10)[:49], (4, 33, 1))
    history = model.fit(images, masks, batch_size=2, validation_data=(images, masks), verbose=0).history
    assert {*NAMES, *(f"val_{name}" for name in NAMES)} <= history.keys()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    first, second = (one.evaluate(images, masks, batch_size=2, return_dict=True, verbose=0) for one in (model, loaded))
    assert first == pytest.approx(second)
    assert first["mean_iou"] == pytest.approx(history["val_mean_iou"][0])
    assert 0 < first["trimap_2"] < 1


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: TrimapIoU(3, width=0), "width must be a whole number above 0; received 0"),
        (lambda: TrimapIoU(3, width=-4), "width must be a whole number above 0; received -4"),
        (lambda: BoundaryIoU(3, ratio=0), "ratio must be a number above 0"),
        (lambda: BoundaryF1(3, tolerance=2), "tolerance must be a number above 0 and at most 1"),
        (lambda: MeanIoU(0), "labels must be .* a number of classes from 2 to 65536; received 0"),
        (lambda: MeanIoU(1), "received 1.* needs a background class beside it"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
