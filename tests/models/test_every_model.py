"""Every network of the release's zoo and of the other papers builds at full width, runs, and saves."""

import zipfile

import keras
import numpy as np
import pytest

from deeplab_tf.cost import named_model
from deeplab_tf.models import save_model
from deeplab_tf.weights.zoo.catalogue import ZOO

# What changes no layer except the classifier.
OF_DATA = ("labels", "crop_size", "image_size", "output_stride")


def network(entry) -> str:
    """What makes the network of an entry, without what it was trained for and is run at."""
    return repr(sorted((name, value) for name, value in entry.arguments.items() if name not in OF_DATA))


# Each network once: those of another data set, of another stride, and in 8 bits are the same.
RELEASED = [
    (name, {}) for name in {network(entry): name for name, entry in reversed(ZOO.items()) if entry.model}.values()
]
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
