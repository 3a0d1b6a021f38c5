"""Every network of the release's zoo and of the other papers builds at full width, runs, and saves."""

import zipfile

import keras
import numpy as np
import pytest

from deeplab_tf.cost import named_model
from deeplab_tf.models import save_model
from deeplab_tf.weights.zoo.catalogue import ZOO

# Of an 8-bit file the network is that of the float one.
RELEASED = [(name, {}) for name, entry in ZOO.items() if entry.model and not name.endswith("_8bit")]
PUBLISHED = [
    ("v1:large_fov", {"msc": True}),
    ("v2:vgg_16", {}),
    ("v2:resnet_101_v2", {"multi_scale": True}),
    ("v3:resnet_50", {"cascade_blocks": 3, "multi_grid": (1, 2, 1)}),
    ("v3:resnet_101_beta", {"multi_grid": (1, 2, 4)}),
    ("v3plus:resnet_101_beta", {}),
    ("auto_deeplab", {}),
    ("auto_deeplab", {"base_filters": 48}),
]


@pytest.mark.parametrize("text, settings", RELEASED + PUBLISHED)
def test_builds_runs_and_saves(text, settings, tmp_path):
    keras.utils.clear_session()
    model = named_model(text, settings)
    logits = model(np.full((1, 65, 65, 3), 100, np.uint8)).numpy()
    assert logits.shape == (1, 65, 65, model.classes)
    assert np.isfinite(logits).all()
    save_model(model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as saved:
        assert saved.getinfo("model.weights.h5").file_size > 4 * model.count_params()
    (tmp_path / "model.keras").unlink()
