"""Data sets as TFRecords: converting, inspecting, and reading them for training and evaluation.

The public names stand in `__init__.pyi` and are imported when they are first used, so that the command line reads the
table of data sets, `registry`, without TensorFlow.
"""

import importlib

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str):
    """A public name, or `convert_NAME` of any row of the table."""
    if name.startswith("convert_") and name not in __all__:
        return getattr(importlib.import_module(f"{__name__}.converters"), name)
    return _public(name)
