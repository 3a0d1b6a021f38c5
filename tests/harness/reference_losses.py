"""Losses from the formulas of their papers, in float64, pixel by pixel; and gradients by differences."""

import numpy as np

IGNORE = 9


def batch(seed: int = 0, classes: int = 3):
    """Labels `[2, 3, 4]`, some of them ignored, and logits."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, (2, 3, 4)).astype(np.int32)
    labels[0, 0] = labels[1, 0, 1:3] = IGNORE
    return labels, draw.normal(0, 2, (2, 3, 4, classes)).astype(np.float32)


def softmax(logits):
    exponents = np.exp(logits - logits.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


def pixels(labels, logits, loss):
    """What `loss(label, probabilities)` gives of each pixel that counts, by its place."""
    probabilities = softmax(np.asarray(logits, np.float64))
    return {
        place: loss(labels[place], probabilities[place])
        for place in np.ndindex(labels.shape)
        if labels[place] != IGNORE
    }


def cross_entropy(labels, logits, weights=(1, 1, 1), smoothing=0.0):
    """Of each pixel: -weight x sum over the classes of truth x log p."""

    def loss(label, p):
        truth = np.full(len(p), smoothing / len(p))
        truth[label] += 1 - smoothing
        return -weights[label] * (truth * np.log(p)).sum()

    return pixels(labels, logits, loss)


def focal(labels, logits, gamma, weights=(1, 1, 1)):
    """Of each pixel: -weight x (1 - p) ** gamma x log p."""
    return pixels(labels, logits, lambda label, p: -weights[label] * (1 - p[label]) ** gamma * np.log(p[label]))


def mean(values):
    return sum(values.values()) / len(values)


def worst(values, count):
    """The mean of those that are not 0 of the largest, of which there are more than values if some are ignored."""
    found = [value for value in sorted(values.values(), reverse=True)[:count] if value]
    return sum(found) / len(found)


def of_regions(labels, logits, loss, per_image=False, repeats=None):
    """The mean of `loss(is class, probability)` over the classes that occur, of the batch or of the images.

    `repeats` says how many times each pixel is there.
    """
    probabilities, values = softmax(np.asarray(logits, np.float64)), []
    repeats = np.ones_like(labels) if repeats is None else repeats
    for chosen in [[0], [1]] if per_image else [[0, 1]]:
        there = np.repeat(labels[chosen].ravel(), repeats[chosen].ravel())
        scores = np.repeat(probabilities[chosen].reshape(-1, logits.shape[-1]), repeats[chosen].ravel(), 0)
        counted = there != IGNORE
        there, scores = there[counted], scores[counted]
        if there.size:
            values.append(np.mean([loss(there == label, scores[:, label]) for label in np.unique(there)]))
    return np.mean(values)


def dice(true, p):
    return 1 - 2 * (p * true).sum() / ((p**2).sum() + true.sum())


def lovasz(true, p):
    """The Lovász extension of |wrong| / |true or wrong|, by definition: the sets of the largest errors, one by one."""
    errors = np.where(true, 1 - p, p)
    total, before, wrong = 0.0, 0.0, np.zeros(len(true), bool)
    for pixel in np.argsort(-errors):
        wrong[pixel] = True
        jaccard = wrong.sum() / (true | wrong).sum()
        total, before = total + errors[pixel] * (jaccard - before), jaccard
    return total


def differences(loss, labels, logits, step=1e-6):
    """The gradient of `loss(labels, logits)` by the logits."""
    found = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        shift = np.zeros(logits.shape)
        shift[place] = step
        found[place] = (loss(labels, logits + shift) - loss(labels, logits - shift)) / (2 * step)
    return found
