"""What makes the lazy `import deeplab_tf` work everywhere: in a clone that is not installed, and beside plain Keras.

And what has to be decided before TensorFlow is imported.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import os
import sys
from pathlib import Path

KERNELS = "TF_ENABLE_ONEDNN_OPTS"
# For graphs of thousands of small operations, those of a search: several at a time instead of parts of one on all
# cores, and not oneDNN's kernels, which take longer to set up than such an operation runs. Half the time in all.
SMALL_OPERATIONS = {KERNELS: "0", "TF_NUM_INTRAOP_THREADS": "1"}
# Which of them the user has set.
DECIDED = {name for name in SMALL_OPERATIONS if name in os.environ}
ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("datasets", "export")
# What registers layers, models, metrics, and what training compiles with, with Keras.
REGISTER = (
    "deeplab_tf.models", "deeplab_tf.crf", "deeplab_tf.losses", "deeplab_tf.metrics", "deeplab_tf.optimizers",
    "deeplab_tf.schedules",
)  # fmt: skip


def find_beside(path: list[str]) -> None:
    """Lets a clone find `deeplab_tf.datasets` and `deeplab_tf.export`, which stand at its top level.

    Where the package is installed they lie inside it. In a clone, Python takes the package from the folder it is
    started in, installed or not.

    Args:
        path: The package's `__path__`, extended in place.
    """
    inside = all((ROOT / "deeplab_tf" / part).is_dir() for part in BESIDE)
    if not inside and all((ROOT / part / "__init__.py").is_file() for part in BESIDE):
        path.append(str(ROOT))


def choose_kernels() -> None:
    """Has TensorFlow take oneDNN's kernels, unless the user has decided or TensorFlow is imported already.

    It reads the variable when it is imported, and leaves them off by itself on some processors, where a training step
    then takes 1.6 times as long (docs/training.md) and a prediction of a SavedModel 1.3 times.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault(KERNELS, "1")


def choose_for_small_operations() -> None:
    """Has TensorFlow run many small operations fast, except for what the user has decided.

    It reads the variables when it is imported; after that this does nothing.
    """
    if "tensorflow" not in sys.modules:
        os.environ.update({name: value for name, value in SMALL_OPERATIONS.items() if name not in DECIDED})


def check_backend() -> None:
    """Refuses another Keras backend than TensorFlow.

    Raises:
        ImportError: If another one is set in the environment, or chosen by a Keras that is imported already.
    """
    keras = sys.modules.get("keras")
    chosen = keras.config.backend() if hasattr(keras, "config") else os.environ.get("KERAS_BACKEND")
    if chosen and chosen != "tensorflow":
        raise ImportError(
            f"deeplab_tf needs the Keras backend 'tensorflow'; {chosen!r} is set. Set KERAS_BACKEND=tensorflow "
            "before Keras is imported, and look at ~/.keras/keras.json if it is not set."
        )


def register_with_keras() -> None:
    """Makes `keras.models.load_model` know the package's layers and models, as soon as there is a Keras.

    Keras looks for the class of a saved object among those registered, and registers one where its module is
    imported; a lazy package would leave it without any.

    Raises:
        ImportError: If Keras has another backend than TensorFlow.
    """
    check_backend()
    if "keras" in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def register() -> None:
    """Registers all that Keras may find in a saved model, where a script has imported a part of the package only."""
    for module in REGISTER:
        importlib.import_module(module)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Imports the package's models right after Keras, whoever imports it."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        if not _importing():
            check_backend()
            register()


def _importing() -> bool:
    """Whether a module of this package is being imported, which therefore registers what it needs itself.

    `_initializing` is how Python's own import system marks such modules; there is no public sign of it.
    """
    parts = [module for name, module in list(sys.modules.items()) if name.startswith("deeplab_tf.")]
    return any(getattr(getattr(part, "__spec__", None), "_initializing", False) for part in parts)
