"""How TensorFlow runs the search's graphs, which are of thousands of small operations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def unoptimized_graphs() -> Iterator[None]:
    """Leaves graphs as they were made: on these, TensorFlow's optimisers take minutes and gain nothing.

    Example:
        >>> with unoptimized_graphs():
        ...     total = tf.function(tf.reduce_sum)(tf.ones(3))
        >>> float(total)
        3.0
    """
    before = tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})
