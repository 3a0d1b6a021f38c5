"""Images made up where nobody gave any."""

from __future__ import annotations

import numpy as np
from PIL import Image


def synthetic_images(height: int, width: int) -> list[np.ndarray]:
    """Four images made of gradients, smooth blobs and noise, the same at every call.

    Args:
        height: Of the largest, > 1.
        width: Of the largest, > 1.

    Returns:
        RGB, uint8 `[h, w, 3]`: one of the full size, one lower, one narrower, one smaller in both directions.

    Example:
        >>> [image.shape for image in synthetic_images(400, 400)]
        [(400, 400, 3), (300, 400, 3), (400, 300, 3), (200, 200, 3)]
    """
    generator = np.random.default_rng(20180207)
    images = []
    for rows, columns in ((1, 1), (0.75, 1), (1, 0.75), (0.5, 0.5)):
        size = (max(2, int(width * columns)), max(2, int(height * rows)))
        blobs = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
        smooth = np.asarray(blobs.resize(size, Image.Resampling.BICUBIC), np.float32)
        ramp = np.linspace(-40, 40, size[0], dtype=np.float32)[None, :, None]
        noisy = smooth + ramp + generator.normal(0, 6, smooth.shape)
        images.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return images
