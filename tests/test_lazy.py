import subprocess
import sys
from pathlib import Path

import pytest

import deeplab_tf
from deeplab_tf.metrics import MeanIoU
from harness.tiny_model import tiny_model

ROOT = Path(__file__).resolve().parents[1]


def python(code, folder, **environment):
    """Runs code in a fresh Python that is started in a folder, without what is installed as editable."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr


def test_the_import_costs_no_tensorflow(tmp_path):
    code = "import deeplab_tf, deeplab_tf.datasets\nprint({'tensorflow', 'keras'} & set(sys.modules))"
    assert python(code, tmp_path)[1] == "set()"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a compiled model's file."""
    folder, model = tmp_path_factory.mktemp("saved"), tiny_model(backbone="resnet_18")
    model.compile(deeplab_tf.optimizers.Momentum(deeplab_tf.schedules.Poly(0.1, 9)), metrics=[MeanIoU(4)])
    model.save(folder / "model.keras")
    return folder


@pytest.mark.parametrize(
    "first", ["import deeplab_tf, keras", "import keras, deeplab_tf", "from deeplab_tf import DeepLabV3\nimport keras"]
)
def test_keras_reads_our_models_whichever_is_imported_first(first, saved):
    code = f"{first}\nmodel = keras.models.load_model('model.keras')\n"
    code += "print(type(model).__name__, type(model.optimizer).__name__)"
    assert python(code, saved)[1] == "DeepLabV3 Momentum"


def test_every_public_name_is_there():
    assert {"DeepLabV3Plus", "Segmenter", "datasets", "training", "load_released"} <= set(dir(deeplab_tf))
    assert all(getattr(deeplab_tf, name) is not None for name in deeplab_tf.__all__)
    assert all(getattr(deeplab_tf.datasets, name) is not None for name in deeplab_tf.datasets.__all__)
    assert {"Pair", "convert_pairs", "convert_voc", "open_dataset"} <= set(deeplab_tf.datasets.__all__)
    with pytest.raises(AttributeError, match="DeepLabV9"):
        _ = deeplab_tf.DeepLabV9


def test_a_clone_works_from_its_own_folder_and_from_elsewhere(tmp_path):
    code = "import deeplab_tf.datasets as d, deeplab_tf.export as e\nprint(d.__file__, e.__file__)"
    files = f"{ROOT / 'datasets' / '__init__.py'} {ROOT / 'export' / '__init__.py'}"
    bare = "sys.meta_path = [f for f in sys.meta_path if 'editable' not in str(f).lower()]\n"
    assert python(bare + code, ROOT)[1] == files
    assert python(bare + code, tmp_path, PYTHONPATH=str(ROOT))[1] == files


def test_another_backend_is_refused(tmp_path):
    code, _, error = python("import deeplab_tf", tmp_path, KERAS_BACKEND="jax")
    assert code != 0
    assert "ImportError: deeplab_tf needs the Keras backend 'tensorflow'; 'jax' is set" in error


@pytest.mark.parametrize(
    "first, environment, expected",
    [
        ("", {}, "1"),
        ("", {"TF_ENABLE_ONEDNN_OPTS": "0"}, "0"),
        # TensorFlow has read it.
        ("sys.modules['tensorflow'] = sys", {}, "None"),
    ],
)
def test_onednn_is_on_unless_the_user_or_tensorflow_was_first(first, environment, expected, tmp_path):
    code = f"{first}\nimport os, deeplab_tf\nprint(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"
    assert python(code, tmp_path, **environment)[1] == expected
