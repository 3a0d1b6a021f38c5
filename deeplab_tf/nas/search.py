"""The search: weights and architecture learn in turns, each on its half of the images (section 4.2)."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.datasets import Augmentation, DataSet, open_data, training_batches
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.nas.decoding import decode, entropies
from deeplab_tf.nas.graphs import unoptimized_graphs
from deeplab_tf.nas.search_folder import SearchFolder, SearchState
from deeplab_tf.nas.search_settings import SearchSettings
from deeplab_tf.nas.search_step import SearchSteps
from deeplab_tf.nas.supernet import size_of_images, supernet
from deeplab_tf.progress import Progress
from deeplab_tf.training.devices import devices_here
from deeplab_tf.training.strategy import OneDevice

_log = logging.getLogger(__name__)
PLAIN = Augmentation(min_scale=1.0, max_scale=1.0, scale_step=0.0, flip=False)


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What a search came to.

    Args:
        output: Its folder; `genotype.json` in it is what `AutoDeepLab(genotype=...)` takes.
        genotype: The decoded one.
        miou: Mean IoU of the supernet on crops of the architecture's half, 0-1.
    """

    output: Path
    genotype: Genotype
    miou: float

    def __str__(self) -> str:
        strides = " ".join(map(str, self.genotype.strides))
        return f"{self.output / 'genotype.json'}: supernet mIoU {self.miou:.4f}, strides {strides}"


def search(settings: SearchSettings) -> SearchResult:
    """Searches a cell and a path (Auto-DeepLab paper, section 4.2), or goes on with a search that was cut off.

    The train split is halved at random. In each step the weights learn from a batch of one half, and, after
    `architecture_epoch` epochs, alpha and beta from one of the other. After each epoch the folder has log.csv,
    curves.png, genotype.json, genotype.png, and genotypes/ with that of every epoch. A search that was cut off goes on
    from its last checkpoint to the same weights, to the bit, on as many devices as before.

    Args:
        settings: From `search_settings`.

    Returns:
        Its folder, the decoded genotype, and the mean IoU of the supernet.

    Raises:
        ValueError: If there are no such data or devices, the images are too few to be halved, the crop does not fit the
            space, the folder holds something else, or the loss is not a finite number any more.
        Interruption: After Ctrl-C or SIGTERM, when the checkpoint is written.

    Example:
        >>> search(search_settings("minutes_cpu", data="camvid-tfrecords", output="searches/first")).genotype.path
        (0, 1, 1, 0)
    """
    devices = devices_here(settings.strategy, settings.devices, settings.batch_size)
    with (
        Interrupts() as interrupts,
        opened(settings) as (dataset, halves, told),
        locked_folder(settings.output, "a search"),
        unoptimized_graphs(),
    ):
        keras.utils.set_random_seed(settings.seed)
        with devices.scope():
            model = supernet(
                settings.space, dataset.labels.classes, settings.crop, recompute=settings.recompute, seed=settings.seed
            )
        devices.prepare(model)
        folder = SearchFolder(settings.output)
        folder.begin(settings, told)
        return _Search(settings, dataset, halves, model, folder, devices, interrupts).run()


@contextlib.contextmanager
def opened(settings: SearchSettings) -> Iterator[tuple[DataSet | ImageData, list[np.ndarray], dict]]:
    """The data of a search, which images each half has, and what is kept of the data to know them again.

    Raises:
        ValueError: If there are no such data, they are too few to be halved, or the crop does not fit the space.
    """
    with open_data(settings.data, settings.train_split, masks=settings.masks, labels=settings.labels) as dataset:
        count = dataset.count(settings.train_split)
        halves = _halves(count, settings)
        size_of_images(settings.space, settings.crop, "crop_size")
        yield dataset, halves, {"images": count, "classes": list(dataset.labels.names)}


def _halves(count: int, settings: SearchSettings) -> list[np.ndarray]:
    """Which images each half has, 0 or 1 for every image."""
    if count < 2 * settings.batch_size:
        raise ValueError(
            f"A search halves the images, and each half has to fill a batch of {settings.batch_size}; received {count} "
            f"images in split {settings.train_split!r}. Give more images, or a smaller batch_size."
        )
    first = np.zeros(count)
    first[np.random.default_rng(settings.seed).permutation(count)[: (count + 1) // 2]] = 1
    return [first, 1 - first]


class _Search:
    def __init__(
        self, settings, dataset, halves, model, folder: SearchFolder, devices: OneDevice, interrupts: Interrupts
    ):
        self.settings, self.dataset, self.halves = settings, dataset, halves
        self.folder, self.devices, self.interrupts = folder, devices, interrupts
        self.epoch_steps = int(halves[0].sum()) // settings.batch_size
        with devices.scope():
            self.steps = SearchSteps(model, dataset.labels, settings, settings.epochs * self.epoch_steps, devices)
            self.state: SearchState = folder.restore(self.steps.variables)
        self.begun = self.saved = time.monotonic()

    def run(self) -> SearchResult:
        settings, state = self.settings, self.state
        if state.epoch == settings.epochs:
            _log.info("%s: the search is done; there is nothing to go on with.", self.folder.path)
        done = state.epoch * self.epoch_steps + state.step
        weights = self._batches(0, done)
        learnt = max(0, done - settings.architecture_epoch * self.epoch_steps)
        architecture = self._batches(1, learnt)
        progress = Progress(settings.epochs * self.epoch_steps, "search", "step", done=done)
        if state.epoch < settings.epochs:
            _log.info("Building the first step; this takes about a minute.")
        with self.interrupts.noted():
            for _ in range(done, settings.epochs * self.epoch_steps):
                self._step(weights, architecture, progress)
        progress.close()
        return SearchResult(self.folder.path, self._decoded(), state.rows[-1]["miou"])

    def _batches(self, half: int, start: int, augmentation: Augmentation | None = None) -> Any:
        settings = self.settings
        batches = training_batches(
            self.dataset,
            settings.train_split,
            batch_size=settings.batch_size,
            crop_size=settings.crop,
            max_side=settings.max_side,
            augmentation=augmentation,
            seed=settings.seed + half,
            start_step=start,
            image_weights=self.halves[half],
        )
        return iter(self.devices.parts(batches)) if augmentation is None else batches

    def _step(self, weights, architecture, progress: Progress) -> None:
        settings, state = self.settings, self.state
        learns = state.epoch >= settings.architecture_epoch
        if learns and not state.step and state.epoch == settings.architecture_epoch > 0:
            _log.info("From here on the architecture learns too; building its step takes about as long as the first.")
        losses = [float(self.steps.learn_weights(*next(weights)))]
        if learns:
            losses.append(float(self.steps.learn_architecture(*next(architecture))))
        state.step += 1
        if not all(map(math.isfinite, losses)):
            raise ValueError(
                f"The search diverged in epoch {state.epoch + 1}, step {state.step}: its loss is {losses[-1]}. Search "
                f"in another folder than {self.folder.path}, with a lower learning_rate than "
                f"{settings.learning_rate:g}."
            )
        state.sums = [total + loss for total, loss in zip(state.sums, [*losses, 0.0])]
        progress.step()
        ended = state.step == self.epoch_steps
        if ended:
            self._end_epoch()
            progress.pause()
        if ended or self.interrupts.pending or time.monotonic() - self.saved > 60 * settings.checkpoint_minutes:
            self._save()
        if self.interrupts.pending:
            raise Interruption(
                f"Stopped in epoch {state.epoch + 1}, step {state.step}; the same command goes on.",
                self.interrupts.pending,
            )

    def _save(self) -> None:
        now = time.monotonic()
        self.state.seconds += now - self.begun
        self.begun = self.saved = now
        self.folder.save(self.state, self.steps.variables)

    def _end_epoch(self) -> None:
        settings, state = self.settings, self.state
        learnt = state.epoch >= settings.architecture_epoch
        count = max(1, settings.eval_images // settings.batch_size)
        miou = self.steps.miou(self._batches(1, 0, PLAIN).take(count))
        alpha, beta = map(np.asarray, self.steps.cells.architecture)
        state.epoch, state.step, sums = state.epoch + 1, 0, state.sums
        state.sums = [0.0, 0.0]
        entropy = entropies(alpha, beta, settings.space)
        row = {
            "epoch": state.epoch,
            "step": state.epoch * self.epoch_steps,
            "loss": sums[0] / self.epoch_steps,
            "architecture_loss": sums[1] / self.epoch_steps if learnt else None,
            "learning_rate": float(self.steps.optimizer.learning_rate),
            "miou": miou,
            "alpha_entropy": entropy[0],
            "beta_entropy": entropy[1],
            "seconds": round(state.seconds + time.monotonic() - self.begun, 1),
        }
        state.rows.append(row)
        self.folder.write_epoch(state.rows, self._decoded(), beta)
        _log.info(
            "Epoch %d of %d: loss %.4f, supernet mIoU %.4f, entropy of operations %.3f, of links %.3f.",
            state.epoch, settings.epochs, row["loss"], miou, *entropy,
        )  # fmt: skip

    def _decoded(self) -> Genotype:
        alpha, beta = map(np.asarray, self.steps.cells.architecture)
        return decode(alpha, beta, self.settings.space)
