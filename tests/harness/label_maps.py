"""Label maps with the ignore label, and what metrics give for them by asking every pair of pixels."""

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


def trimap_iou(pairs, width, classes, ignore):
    """IoU by class of the pixels from which another label is at most `width` rows and columns away."""
    hits, union = np.zeros((2, classes))
    for labels, predictions in pairs:
        apart = distances(labels, np.maximum)
        other = labels[:, :, None, None] != labels[None, None]
        band = np.where(other, apart, np.inf).min((2, 3)) <= width
        for index in range(classes):
            true, said = (band & (labels != ignore) & (one == index) for one in (labels, predictions))
            hits[index] += (true & said).sum()
            union[index] += (true | said).sum()
    return np.where((union > 0) & (np.arange(classes) != ignore), hits / np.maximum(union, 1), np.nan)


def edge(mask, width):
    """The mask's pixels with one that is not of it, or lies beyond the image, at most `width` rows and columns away."""
    padded = np.pad(mask, 1)
    apart = np.where(padded[None, None], np.inf, distances(padded, np.maximum)).min((2, 3))
    return mask & (apart <= width)[1:-1, 1:-1]


def boundary_iou(pairs, width, classes, ignore):
    hits, union = np.zeros((2, classes))
    for labels, predictions in pairs:
        predictions = np.where(labels == ignore, ignore, predictions)
        for index in set(range(classes)) - {ignore}:
            true, said = edge(labels == index, width), edge(predictions == index, width)
            hits[index] += (true & said).sum()
            union[index] += (true | said).sum()
    return np.where(union > 0, hits / np.maximum(union, 1), np.nan)


def contour(labels, index):
    steps = distances(labels, lambda rows, columns: rows + columns)
    return (labels == index) & ((steps == 1) & (labels != index)[None, None]).any((2, 3))


def share_near(these, others, apart, reach, judged):
    """Fraction of the pixels of one contour that are near the other one, of those that are near or judged."""
    near = these & ((apart <= reach) & others[None, None]).any((2, 3))
    count = (these & (near | judged)).sum()
    return near.sum() / count if count else np.nan


def boundary_f1(labels, predictions, reach, classes, ignore):
    """F1 by class of one image."""
    apart = distances(labels, np.hypot)
    scores = np.full(classes, np.nan)
    for index in set(range(classes)) - {ignore}:
        true, said = contour(labels, index), contour(predictions, index)
        recall = share_near(true, said, apart, reach, np.ones_like(true))
        precision = share_near(said, true, apart, reach, labels != ignore)
        if not (np.isnan(recall) and np.isnan(precision)):
            both = np.nan_to_num([precision, recall])
            scores[index] = 2 * both.prod() / both.sum() if both.sum() else 0
    return scores
