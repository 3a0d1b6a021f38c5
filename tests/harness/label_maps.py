"""Label maps with the ignore label, and distances by asking every pair of pixels."""

import numpy as np


def blocks(generator, height=13, width=17, classes=4, ignore=255):
    """A map of random rectangles, and one that differs from it in a few others; integer `[height, width]`."""
    maps = []
    truth = np.zeros((height, width), np.int32)
    for count in (9, 4):
        truth = truth.copy()
        for _ in range(count):
            top, left = generator.integers(0, height - 1), generator.integers(0, width - 1)
            value = generator.choice([*range(classes), ignore] if count == 9 else range(classes))
            truth[top : top + generator.integers(1, 7), left : left + generator.integers(1, 7)] = value
        maps.append(truth)
    labels, predictions = maps
    # What is predicted on ignored pixels is some class.
    return labels, np.where(predictions == ignore, generator.integers(0, classes, labels.shape), predictions)


def distances(labels, measure):
    """Distance between every two pixels, `[H, W, H, W]`, by `measure` of their rows' and columns' differences."""
    rows, columns = np.indices(labels.shape)
    return measure(
        np.abs(rows[:, :, None, None] - rows[None, None]), np.abs(columns[:, :, None, None] - columns[None, None])
    )
