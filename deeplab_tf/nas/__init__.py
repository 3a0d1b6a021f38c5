"""Auto-DeepLab's search (arXiv 1901.02985): space, supernet, search, decoding, pictures.

The public names stand in `__init__.pyi` and are imported when they are first used, so that the command line reads the
settings without TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
