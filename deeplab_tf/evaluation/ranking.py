"""Which images to label next: those about which a network is least certain."""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import logging
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from deeplab_tf.checks import one_of, whole
from deeplab_tf.datasets.audit.contact_sheet import thumbnails, write_contact_sheet
from deeplab_tf.evaluation.evaluation import write_table
from deeplab_tf.files.reading import shown
from deeplab_tf.images import read_image
from deeplab_tf.inference import Segmenter
from deeplab_tf.inference.overlapped import overlapped
from deeplab_tf.inference.segmented_files import find_images, of_bad_image
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted, track

# The sign that makes a large value an uncertain one.
MEASURES = {"entropy": 1, "margin": -1}
COUNT = 24
# Rows of scores that are worked on at once, in pixels: copies of all would take several times their memory.
STRIP_PIXELS = 2**20

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Uncertainty:
    """How uncertain a network is about an image.

    Args:
        path: The image.
        entropy: Mean over the pixels of the entropy of the class probabilities, as a fraction of the largest possible:
            0 is certain, 1 is a guess among all classes.
        margin: Mean over the pixels of the difference between the two largest probabilities: 1 is certain, 0 is not.
    """

    path: Path
    entropy: float
    margin: float


@dataclasses.dataclass(frozen=True)
class Ranking:
    """Images by uncertainty, and what they look like.

    Args:
        images: The most uncertain first.
        bad: By path, why an image was left out.
        by: The measure that orders them.
        labels: The classes.
        samples: Caption, picture and classes of each of the first images, for the contact sheet.

    Example:
        >>> ranking = rank_images(Segmenter("model.keras"), "cat.jpg")
        >>> ranking.save_csv("next.csv")
        >>> len(ranking.images), 0 <= ranking.images[0].entropy <= 1
        (1, True)
    """

    images: tuple[Uncertainty, ...]
    bad: dict[Path, str]
    by: str
    labels: LabelSpec
    samples: tuple[tuple[str, np.ndarray, frozenset[int]], ...] = dataclasses.field(repr=False)

    def table(self, count: int = COUNT) -> str:
        """The first images and their uncertainty, as text.

        Args:
            count: How many.

        Returns:
            A line for each below a header, aligned.
        """
        lines = [f"{'entropy':>8} {'margin':>8}  image"]
        lines += [f"{one.entropy:8.4f} {one.margin:8.4f}  {shown(one.path)}" for one in self.images[:count]]
        return "\n".join(lines)

    def save_csv(self, path: str | os.PathLike) -> None:
        """Writes `image,entropy,margin`, the most uncertain image first, in one move.

        Args:
            path: The CSV file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        rows = ((shown(one.path), one.entropy, one.margin) for one in self.images)
        write_table(path, ("image", "entropy", "margin"), rows)

    def save_contact_sheet(self, path: str | os.PathLike) -> None:
        """Draws the first images beside what the network sees in them.

        Args:
            path: A `.png` file, or of another format that Pillow writes; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written; the message names it.
        """
        names, colors = self.labels.names, self.labels.colors
        seen = sorted(frozenset().union(*(classes for _, _, classes in self.samples)))
        title = f"Label these next: {len(self.samples)} of {counted(len(self.images), 'image')}, by {self.by}"
        samples = [(caption, picture) for caption, picture, _ in self.samples]
        write_contact_sheet(path, title, samples, [(names[index], colors[index]) for index in seen])


def rank_images(
    segmenter: Segmenter,
    paths: Iterable[str | os.PathLike] | str | os.PathLike,
    *,
    by: str = "entropy",
    count: int = COUNT,
    skip_bad: bool = False,
    labelled: bool = False,
) -> Ranking:
    """Orders images by how uncertain a network is about them: what to label next.

    Args:
        segmenter: What predicts; it must give probabilities.
        paths: Image files, and folders of them, as for `deeplab_tf.inference.segmented_files`.
        by: `entropy`, or `margin`, which looks at the two best classes alone.
        count: How many images the contact sheet shows. Memory grows with it, not with the number of images.
        skip_bad: Go on after a file that cannot be read; otherwise the first one ends the work.
        labelled: Rank images too beside which there is a labelme file of their name; otherwise they are left out.

    Returns:
        All images, the most uncertain first.

    Raises:
        FileNotFoundError: If a path is missing.
        ValueError: If there is no image without labels, one cannot be read (the message names it), or the predictor
            gives labels only.

    Example:
        >>> rank_images(Segmenter("model.keras"), ["cat.jpg", "street.jpg"], count=9).save_contact_sheet("next.png")
    """
    one_of("by", by, MEASURES)
    whole("count", count, remedy="It is the number of images on the contact sheet.")
    found = find_images(paths)
    sources = [path for path in found if labelled or not path.with_suffix(".json").exists()]
    if len(sources) < len(found):
        left = len(found) - len(sources)
        logger.info("%s left out, with a labelme file beside it", counted(left, "image"))
    if not sources:
        raise ValueError("All images have a labelme file beside them. Give others, or rank them too: --labelled.")
    spec = segmenter.labels
    # What has no scores says so here, and is not taken for a bad image.
    segmenter.predictor.scores(np.zeros((1, 65, 65, 3), np.uint8))

    def look(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
        return image, *_measured(segmenter.predictor.scores(image[None])[0], spec)

    def picture(path: Path, looked: tuple) -> tuple[Uncertainty, tuple]:
        image, labels, entropy, margin = looked
        small = Image.fromarray(image).resize(labels.shape[::-1], Image.Resampling.BILINEAR, reducing_gap=2)
        caption = f"{shown(path.name)}  {entropy if by == 'entropy' else margin:.3f}"
        sample = caption, thumbnails(np.asarray(small), labels, spec), frozenset(np.unique(labels).tolist())
        return Uncertainty(path, entropy, margin), sample

    ranked, bad, first = [], {}, []
    with contextlib.closing(overlapped(sources, read_image, look, picture)) as outcomes:
        for number, (path, outcome) in enumerate(track(outcomes, len(sources), "rank")):
            if isinstance(outcome, Exception):
                if not (skip_bad and isinstance(outcome, ValueError)):
                    raise of_bad_image(outcome)
                bad[path] = str(outcome)
                continue
            ranked.append(outcome[0])
            heapq.heappush(first, (_order(outcome[0], by), -number, outcome[1]))
            if len(first) > count:
                heapq.heappop(first)
    ranked.sort(key=lambda one: -_order(one, by))
    samples = tuple(sample for _, _, sample in sorted(first, key=lambda entry: entry[:2], reverse=True))
    return Ranking(tuple(ranked), bad, by, spec, samples)


def _order(one: Uncertainty, by: str) -> float:
    return MEASURES[by] * getattr(one, by)


def _measured(scores: tf.Tensor, spec: LabelSpec) -> tuple[np.ndarray, float, float]:
    """Labels, `[h, w]`, mean entropy and mean margin of the scores of one image, float32 `[h, w, classes]`."""
    height, width = scores.shape[:2]
    rows = max(1, STRIP_PIXELS // width)
    labels, sums = [], np.zeros(2)
    for top in range(0, height, rows):
        strip, entropy, margin = _of_strip(scores[top : top + rows])
        labels.append(strip.numpy().astype(spec.mask_dtype))
        sums += float(entropy), float(margin)
    entropy, margin = sums / (height * width)
    # A pure guess may come out above 1 by rounding.
    return np.concatenate(labels), min(1.0, float(entropy / np.log(spec.classes))), float(margin)


@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.float32)], autograph=False)
def _of_strip(scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Labels, and the sums over the pixels of entropy and margin."""
    logarithms = tf.nn.log_softmax(scores)
    probabilities = tf.exp(logarithms)
    best = tf.math.top_k(probabilities, 2).values
    entropy = -tf.reduce_sum(tf.math.multiply_no_nan(logarithms, probabilities))
    return tf.argmax(scores, -1, output_type=tf.int32), entropy, tf.reduce_sum(best[..., 0] - best[..., 1])
