"""Checkpoints of decoders that give the logits, into models of another number of classes."""

import numpy as np
import pytest

import harness.release_variables as release
from deeplab_tf import DeepLabV3Plus
from deeplab_tf.weights import load_checkpoint

SMALL = {"depth_multiplier": 0.5, "atrous_rates": (), "decoder_logits": True}
BODY = release.mobilenet_v2(0.5) | release.aspp(160, 0)


def stage(classes):
    """As the release's decoder makes it where its last width is the number of classes: read again, they are inputs."""
    scope = "decoder/decoder_conv0/decoder_conv0"
    found = release.biased("decoder/feature_projection0", 72, 48)
    return found | release.biased(f"{scope}_1", 256 + 48, classes) | release.biased(f"{scope}_2", classes, classes)


@pytest.mark.parametrize(
    "merge, head, fresh",
    [
        ("sum", release.decoder_logits(72, 5), ["feature_projection0", "decoder_conv0"]),
        ("concat", stage(5), ["decoder_conv0.decoder_conv0_1", "decoder_conv0.decoder_conv0_2"]),
    ],
)
def test_all_that_gives_classes_starts_anew_and_nothing_else(merge, head, fresh, tmp_path, logged):
    values = release.random_values(BODY | head)
    prefix = release.write(tmp_path / "model.ckpt", values)
    model = DeepLabV3Plus("mobilenet_v2", classes=3, decoder_merge=merge, **SMALL)
    fresh = [f"decoder.{name}" for name in fresh]
    transfer = load_checkpoint(model, prefix)
    assert sorted(transfer.fresh) == sorted(fresh)
    said = logged.text
    assert "model.ckpt has 5 classes, the model 3: " in said
    assert all(name in said for name in fresh)
    for name, value in values.items():
        if name.rpartition("/")[0].replace("/", ".") not in fresh:
            np.testing.assert_array_equal(release.value_in(model, name), value, err_msg=name)
