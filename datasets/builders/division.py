"""Pairs into a split and its validation images: drawn by a seed, with every class on both sides."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import numpy as np

from deeplab_tf.checks import number
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.progress import counted

# Exchanges tried for one class that a side lacks; the images are in random order.
_TRIED = 64
_LOGGER = logging.getLogger("deeplab_tf")


def divide(
    pairs: Sequence[Pair], split: str, val_share: float, seed: int, classes: Sequence[Collection] | None = None
) -> dict[str, list[Pair]]:
    """The pairs as `split` and, where `val_share` is not 0, `val`, which `seed` draws; both in the given order.

    A class that two images have or more is to be on both sides. A draw that leaves one out exchanges images, and where
    that is not enough moves some, so that of few images `val` may get more than its share.

    Args:
        pairs: What to divide.
        split: The name of what is not `val`.
        val_share: Share of the images, 0 to below 1.
        seed: Draws them.
        classes: What classes each pair has; drawn without regard to them when left out.

    Returns:
        The pairs of each split.

    Raises:
        ValueError: If the share is none, leaves a split empty, or `split` is `val` itself.

    Example:
        >>> {name: len(members) for name, members in divide(pairs, "train", 0.2, seed=0).items()}
        {'train': 80, 'val': 20}
    """
    number("val_share", val_share, least=0, below=1, remedy="0.2 takes every fifth image.")
    if val_share == 0:
        return {split: list(pairs)}
    if split == "val":
        raise ValueError("val_share takes the split 'val' out of another; received split 'val' too. Rename it.")
    count = round(len(pairs) * val_share)
    if not 0 < count < len(pairs):
        raise ValueError(
            f"val_share {val_share} of {counted(len(pairs), 'image')} leaves a split empty. Give more images or "
            "another share."
        )
    order = np.random.default_rng(seed).permutation(len(pairs))
    chosen = np.zeros(len(pairs), bool)
    chosen[order[:count]] = True
    if classes is not None:
        chosen = _with_all_classes(chosen, order, _occurrences(classes))
        if chosen.sum() != count:
            _LOGGER.info("val gets %d images, not %d, so that every class is on both sides.", chosen.sum(), count)
    return {
        split: [pair for pair, val in zip(pairs, chosen) if not val],
        "val": [pair for pair, val in zip(pairs, chosen) if val],
    }


def _occurrences(classes: Sequence[Collection]) -> np.ndarray:
    """Which image has which of the classes that at least two have, boolean `[images, classes]`."""
    names = {name: index for index, name in enumerate(sorted({one for found in classes for one in found}, key=str))}
    table = np.zeros((len(classes), len(names)), bool)
    for image, found in enumerate(classes):
        table[image, [names[name] for name in found]] = True
    return table[:, table.sum(axis=0) >= 2]


def _with_all_classes(chosen: np.ndarray, order: np.ndarray, has: np.ndarray) -> np.ndarray:
    """A choice near `chosen` under which no side lacks a class, as far as that is possible."""
    chosen = chosen.copy()
    # Exchanges keep the number of images; moves do not, and come when exchanges do not help any more.
    for exchange in (True, False):
        while (change := _helpful_change(chosen, order, has, exchange)) is not None:
            chosen[list(change)] = ~chosen[list(change)]
    return chosen


def _helpful_change(chosen: np.ndarray, order: np.ndarray, has: np.ndarray, exchange: bool) -> tuple[int, ...] | None:
    """The images to put on the other side so that fewer classes are on one side only; None where nothing helps."""
    sides = np.stack([has[~chosen].sum(axis=0), has[chosen].sum(axis=0)])
    lacking = sides == 0
    for side, wanted in np.argwhere(lacking).tolist():
        best, change = lacking.sum(), None
        givers = [image for image in order if has[image, wanted]][:_TRIED]
        takers = [image for image in order if chosen[image] == bool(side)][:_TRIED] if exchange else [None]
        for giver in givers:
            for taker in takers:
                moved = has[giver].astype(int) - (0 if taker is None else has[taker])
                after = sides.copy()
                after[side] += moved
                after[1 - side] -= moved
                if (left := (after == 0).sum()) < best:
                    best, change = left, (giver,) if taker is None else (giver, taker)
        if change is not None:
            return change
    return None
