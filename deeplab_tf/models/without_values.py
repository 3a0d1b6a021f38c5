"""Networks whose variables have shapes but no values."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable

import keras


def without_values(build: Callable):
    """What `build` makes, its variables without values: shapes and settings only, in a fraction of the time.

    Args:
        build: Makes Keras layers or models; takes nothing.

    Example:
        >>> without_values(lambda: DeepLabV1(variant="7x7")).get_layer("vgg_16.fc6").kernel.shape
        (7, 7, 512, 4096)
    """

    def in_scope():
        with keras.StatelessScope(initialize_variables=False):
            return build()

    # Keras keeps, for each thread, a list of the variables without values, and gives them some at the next
    # occasion: seconds and gigabytes for nothing. That of a thread of its own ends with it.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(in_scope).result()
