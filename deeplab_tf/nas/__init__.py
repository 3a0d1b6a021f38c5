"""Auto-DeepLab's search (arXiv 1901.02985): space, supernet, search, decoding, pictures."""

from deeplab_tf.nas.space import OPERATIONS, SearchSpace

__all__ = ["OPERATIONS", "SearchSpace"]
