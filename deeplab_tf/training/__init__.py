"""Training: settings in, a run folder with the model out.

The public names stand in `__init__.pyi` and are imported when they are first used, so that the command line reads the
settings without TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
