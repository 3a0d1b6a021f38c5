"""What all losses keep to: shapes, ignored pixels, precision, reductions, weights, configuration."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.losses import CombinedLoss, CrossEntropy, Dice, Focal, HardPixels, LovaszSoftmax
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch

LABELS, LOGITS = batch(5)
MAKE = {
    "cross entropy": lambda **given: CrossEntropy(IGNORE, class_weights=[1, 2, 3], label_smoothing=0.1, **given),
    "hard pixels": lambda **given: HardPixels(IGNORE, keep=0.3, class_weights=[1, 2, 3], **given),
    "focal": lambda **given: Focal(IGNORE, gamma=1.5, **given),
    "dice": lambda **given: Dice(IGNORE, **given),
    "dice per image": lambda **given: Dice(IGNORE, per_image=True, **given),
    "lovasz": lambda **given: LovaszSoftmax(IGNORE, **given),
    "lovasz per image": lambda **given: LovaszSoftmax(IGNORE, per_image=True, **given),
}
EACH = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
WITH_SUM = {**MAKE, "sum": lambda: CombinedLoss([CrossEntropy(IGNORE), Dice(IGNORE)], [1, 0.5])}


@pytest.mark.parametrize("make", WITH_SUM.values(), ids=WITH_SUM)
def test_graphs_files_and_kinds_of_input(make):
    loss = make()
    value, gradient = value_and_gradient(loss, LABELS, LOGITS)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    unknown = [tf.TensorSpec((None, None, None, 1), tf.uint8), tf.TensorSpec((None, None, None, 3))]
    compiled = tf.function(again, input_signature=unknown)
    assert float(compiled(LABELS[..., None].astype(np.uint8), LOGITS)) == pytest.approx(value, rel=1e-6)
    for dtype in (tf.float16, tf.bfloat16):
        half = tf.cast(LOGITS, dtype)
        exact = value_and_gradient(loss, LABELS, tf.cast(half, tf.float32))
        found = value_and_gradient(loss, LABELS, half)
        assert loss(LABELS, half).dtype == tf.float32
        assert found[0] == exact[0]
        np.testing.assert_allclose(np.float32(found[1]), exact[1], rtol=1e-2, atol=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("make", WITH_SUM.values(), ids=WITH_SUM)
def test_what_is_ignored_counts_nowhere(make):
    loss = make()
    value, gradient = value_and_gradient(loss, np.full_like(LABELS, IGNORE), LOGITS)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)
    ignored = LABELS == IGNORE
    value, gradient = value_and_gradient(loss, LABELS, LOGITS)
    np.testing.assert_array_equal(gradient[ignored], 0)
    assert np.abs(gradient[~ignored]).sum() > 0
    assert value_and_gradient(loss, LABELS, np.where(ignored[..., None], LOGITS + 50, LOGITS))[0] == value


@pytest.mark.parametrize("make", WITH_SUM.values(), ids=WITH_SUM)
@pytest.mark.parametrize("scale", [1e4, 1e30])
def test_large_logits(make, scale):
    value, gradient = value_and_gradient(make(), LABELS, LOGITS * np.float32(scale))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@EACH
def test_reductions_and_weights_of_images(make):
    """Against the values that the loss leaves without reduction, and Keras's rules of what to make of them."""
    values = make(reduction=None)(LABELS, LOGITS).numpy()
    counted = LABELS != IGNORE if values.ndim == 3 else np.ones(values.shape, bool)
    if isinstance(make(), HardPixels):
        counted = values != 0
    assert float(make(reduction="sum")(LABELS, LOGITS)) == pytest.approx(values.sum(), rel=1e-5)
    for mean in ("sum_over_batch_size", "mean", "mean_with_sample_weight"):
        assert float(make(reduction=mean)(LABELS, LOGITS)) == pytest.approx(values.sum() / counted.sum(), rel=1e-5)
    weights = np.array([3.0, 0.0])
    if len(values) == 2 and not isinstance(make(), HardPixels):
        weighted = (values.T * weights).T.sum()
        assert float(make()(LABELS, LOGITS, weights)) == pytest.approx(weighted / counted.sum(), rel=1e-5)
        of_weights = make(reduction="mean_with_sample_weight")(LABELS, LOGITS, weights)
        assert float(of_weights) == pytest.approx(weighted / (counted.T * weights).sum(), rel=1e-5)


@EACH
def test_pixels_of_no_weight_are_ignored(make):
    weights = np.ones(LABELS.shape, np.float32)
    weights[:, 1:, 1:3] = 0
    without = np.where(weights == 0, IGNORE, LABELS)
    loss = make(reduction="sum")
    for shaped in (weights, weights[..., None]):
        np.testing.assert_allclose(loss(LABELS, LOGITS, shaped), loss(without, LOGITS), rtol=1e-6)


@pytest.mark.parametrize("make", [MAKE["focal"], MAKE["dice per image"]])
def test_replicas_of_a_step_divide_by_what_counts_in_all_of_them(make, monkeypatch):
    whole = float(make(reduction="sum")(LABELS, LOGITS))
    found = float(make()(LABELS, LOGITS))
    others = SimpleNamespace(num_replicas_in_sync=2, all_reduce=lambda operation, count: count + 10)
    monkeypatch.setattr(tf.distribute, "get_replica_context", lambda: others)
    assert float(make()(LABELS, LOGITS)) == pytest.approx(whole / (whole / found + 10), rel=1e-5)


@pytest.mark.parametrize(
    "labels, logits, weights, message",
    [
        (LABELS[:, :2], LOGITS, None, r"The labels have the shape \(2, 2, 4\), the logits \(2, 3, 4, 3\).*Upsample"),
        (np.eye(10)[LABELS], LOGITS, None, r"The labels have the shape \(2, 3, 4, 10\); expected class ids.*arg max"),
        (LABELS, LABELS, None, r"shape \(2, 3, 4\) and the type int32; expected logits.*the model's output"),
        (LABELS, LOGITS[..., :1], None, "of 2 classes or more"),
        (
            np.where(LABELS == 2, 7, LABELS),
            LOGITS,
            None,
            "The labels hold 7; expected class ids 0-2 or 9, which is ign",
        ),
        (np.where(LABELS == 2, -1, LABELS), LOGITS, None, "The labels hold -1; expected class ids 0-2 or 9"),
        (LABELS, LOGITS, np.ones((3, 4)), r"sample_weight has the shape \(3, 4\); expected one weight for each image"),
    ],
)
@pytest.mark.parametrize("make", [MAKE["cross entropy"], MAKE["lovasz"]])
def test_input_that_does_not_fit(make, labels, logits, weights, message):
    with pytest.raises(ValueError, match=message):
        make()(labels, logits, weights)


@pytest.mark.parametrize("make", [MAKE["focal"], MAKE["dice"]])
def test_labels_that_a_graph_finds(make):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"label value of\W+7\W+which is outside.*\[0, 3\)"):
        tf.function(make())(tf.constant(np.where(LABELS == 2, 7, LABELS)), LOGITS)
