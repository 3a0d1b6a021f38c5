"""The DeepLab family for semantic image segmentation, in TensorFlow 2 and Keras 3.

The public names stand in `__init__.pyi` and are imported when they are first used: `import deeplab_tf` by itself costs
no TensorFlow.
"""

import lazy_loader

from deeplab_tf.lazy import choose_kernels, find_beside, register_with_keras

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

choose_kernels()
find_beside(__path__)
register_with_keras()
