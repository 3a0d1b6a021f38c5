"""The settings of a training run, checked when they are made and stored with the run."""

from __future__ import annotations

import dataclasses
import reprlib
import sys
from collections.abc import Mapping
from numbers import Integral, Real

from deeplab_tf.backbones import backbone
from deeplab_tf.datasets.pipeline.appearance import Appearance
from deeplab_tf.datasets.pipeline.augment import check_rotation
from deeplab_tf.datasets.pipeline.class_weights import METHODS
from deeplab_tf.images.scaling import limit_of
from deeplab_tf.labels import label_spec
from deeplab_tf.models import MODELS

SAMPLINGS = ("uniform", "class_balanced")
# What seeds and TensorFlow's own counters hold; no crop of the side fits into memory.
LARGEST_COUNT, LARGEST_SIDE = 2**32 - 1, 2**15
TEXTS = ("data", "output", "model", "backbone", "weights", "train_split", "val_split")


def _expect(name: str, value, valid: bool, expected: str) -> None:
    if not valid:
        raise ValueError(f"{name} must be {expected}; received {reprlib.repr(value)}.")


def _is_count(value, least: int = 1) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and least <= value <= LARGEST_COUNT


def _is_number(value) -> bool:
    # JSON's integers may be larger than any float.
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) < sys.float_info.max


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of a training run.

    Args:
        data: Folder of TFRecords, as `deeplab-tf convert` writes it.
        output: The run folder: model, log, curves, checkpoint.
        labels: Label specification, or what `label_spec` takes for one; only for a data folder without
            `dataset.json`.
        model: `"v1"`, `"v2"`, `"v3"`, `"v3plus"`, `"lr_aspp"` or `"auto_deeplab"`. This and the next five follow
            `weights` when left out; without weights they are v3, mobilenet_v2, 1, 16, the rates that go with the
            output stride, and the model's own.
        backbone: Name of the feature extractor.
        depth_multiplier: Width of the backbone, > 0, where it has one.
        output_stride: 8, 16 or 32.
        atrous_rates: Rates of the ASPP branches; `()` for none. Those of a new ASPP must be smaller than the crop's
            map has cells; left open, they are the published ones if these are, and none otherwise.
        network: Further arguments of the model's constructor by name, for instance `{"multi_grid": [1, 2, 4]}`.
        weights: Where to start from, as `deeplab_tf.transfer_weights` takes it: a `.keras` file or a run folder of this
            package, a released file, a name of the release's zoo, `"imagenet"`. None starts from random weights.
        steps: Optimiser steps of the whole run, > 0.
        batch_size: Images per step, > 0.
        crop_size: Side, or (height, width), of the training crops in pixels, larger than the output stride;
            output stride x k + 1 is best. Prediction pads smaller images to it.
        max_side: Larger images are scaled down to this side, or to fit this (height, width), before they are scaled at
            random and cropped. Validation compares at the images' own size. None takes them as they are.
        learning_rate: At the start, > 0; it falls to 0 as (1 - step / steps) ** power. None takes 0.001 for v1 and v2
            and where `weights` hold a network that segments already, else 0.01. To keep the classes of a released
            model, take 0.0003.
        power: Of the fall, > 0.
        momentum: Of the stochastic gradient descent, 0 to below 1.
        weight_decay: Factor of half the squared norm of all convolution kernels except the depthwise, >= 0.
        batch_norm: `"train"`, or `"frozen"`: keep the statistics of `weights` and train scale and shift only, for
            batches too small to measure statistics on.
        recalibrate: Number of training images on which statistics that `weights` lacks, since its normalisation
            was folded into the kernels, are measured before training; 0 for never. None takes 200 where
            `batch_norm` is `"train"`.
        min_scale: Least factor of the random resizing, > 0.
        max_scale: Greatest factor.
        scale_step: Step between the factors; 0 draws from the whole range.
        flip: Mirror every other image, at random.
        rotate: Greatest angle in degrees, 0-180, by which a crop is rotated, either way.
        color_jitter: Greatest changes of brightness, contrast, saturation (0-1) and hue (0-0.5), or one number for the
            first three, of which hue gets a quarter.
        blur: Largest standard deviation of a Gaussian blur, in pixels of the crop.
        sampling: `"uniform"`: every image once per epoch, or `"class_balanced"`: as if a class were drawn and then an
            image in which it occurs, each evenly. The latter reads all masks first.
        class_weights: What a pixel of every class weighs in the loss: `"median_frequency"`, `"inverse_log"` or
            `"inverse_frequency"`, from the training masks (see
            `deeplab_tf.datasets.pipeline.class_weights`); a JSON file of them; or the numbers. None weighs all alike.
        seed: Of weights, data order, augmentation and dropout. Equal seeds give equal data and equal initial weights.
        eval_every: Steps between checkpoints, each with a validation. None takes a tenth of `steps`, at least
            100 and at most 2000.
        checkpoint_minutes: Besides, a checkpoint to resume from is kept whenever so many minutes have passed since the
            last; 0 for never.
        train_split: The split to train on.
        val_split: The split to validate on; None takes `val` where there is one, else none.
        mixed_precision: Compute in 16 bits: float16 on a GPU, bfloat16 elsewhere.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> config = TrainConfig(data="voc-tfrecords", output="runs/voc", steps=3000)
        >>> config.eval_steps
        300
    """

    data: str
    output: str
    labels: str | int | dict | None = None
    model: str | None = None
    backbone: str | None = None
    depth_multiplier: float | None = None
    output_stride: int | None = None
    atrous_rates: tuple[int, ...] | None = None
    network: dict | None = None
    weights: str | None = None
    steps: int = 3000
    batch_size: int = 8
    crop_size: int | tuple[int, int] = 257
    max_side: int | tuple[int, int] | None = None
    learning_rate: float | None = None
    power: float = 0.9
    momentum: float = 0.9
    weight_decay: float = 4e-5
    batch_norm: str = "train"
    recalibrate: int | None = None
    min_scale: float = 0.5
    max_scale: float = 2.0
    scale_step: float = 0.25
    flip: bool = True
    rotate: float = 0.0
    color_jitter: float | tuple[float, ...] = 0.0
    blur: float = 0.0
    sampling: str = "uniform"
    class_weights: str | tuple[float, ...] | None = None
    seed: int = 0
    eval_every: int | None = None
    checkpoint_minutes: float = 10.0
    train_split: str = "train"
    val_split: str | None = None
    mixed_precision: bool = False

    def __post_init__(self):
        for name in ("data", "output", "weights"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, str(getattr(self, name)))
        for name in ("atrous_rates", "crop_size", "max_side", "color_jitter", "class_weights"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if hasattr(self.labels, "to_dict"):
            object.__setattr__(self, "labels", self.labels.to_dict())
        self._check_kinds()
        self._check_network()
        self._check_optimisation()
        self._check_data()

    def _check_kinds(self):
        for field in dataclasses.fields(self):
            name, value = field.name, getattr(self, field.name)
            if name in TEXTS:
                _expect(name, value, isinstance(value, str) or value is field.default is None, "a text")
            elif field.type == "bool":
                _expect(name, value, isinstance(value, bool), "true or false")
        if self.labels is not None:
            label_spec(self.labels)

    def _check_network(self):
        _expect("model", self.model, self.model is None or self.model in MODELS, f"one of {sorted(MODELS)}")
        if self.backbone is not None:
            backbone(self.backbone)
        valid = self.network is None or (isinstance(self.network, dict) and all(map(str.isidentifier, self.network)))
        _expect("network", self.network, valid, "the model's arguments by name, for instance {'multi_grid': [1, 2, 4]}")
        rates = self.atrous_rates
        valid = rates is None or (isinstance(rates, tuple) and all(_is_count(rate) for rate in rates))
        _expect("atrous_rates", rates, valid, "whole numbers above 0, for instance (6, 12, 18), or ()")
        _expect("batch_norm", self.batch_norm, self.batch_norm in ("train", "frozen"), "'train' or 'frozen'")
        if self.batch_norm == "train" and self.batch_size == 1:
            raise ValueError(
                "batch_norm='train' needs a batch_size of at least 2, as the image pooling has one value a channel "
                "and image, and one value has no variance; received 1. Raise it or take batch_norm='frozen'."
            )
        if self.batch_norm == "frozen" and self.weights is None:
            raise ValueError(
                "batch_norm='frozen' keeps the statistics of trained weights, and there are none; received "
                "weights=None. Give weights or take batch_norm='train'."
            )

    def _check_optimisation(self):
        for name in ("steps", "batch_size"):
            _expect(name, getattr(self, name), _is_count(getattr(self, name)), "a whole number above 0")
        for name in ("learning_rate", "power"):
            value = getattr(self, name)
            valid = (_is_number(value) and value > 0) or (value is None and name == "learning_rate")
            _expect(name, value, valid, "a number above 0")
        valid = _is_number(self.momentum) and 0 <= self.momentum < 1
        _expect("momentum", self.momentum, valid, "a number from 0 to below 1, usually 0.9")
        valid = _is_number(self.weight_decay) and self.weight_decay >= 0
        _expect("weight_decay", self.weight_decay, valid, "0 or above, usually 4e-5")
        for name in ("recalibrate", "seed"):
            value = getattr(self, name)
            valid = _is_count(value, 0) or (value is None and name == "recalibrate")
            _expect(name, value, valid, "a whole number, 0 or above")
        valid = self.eval_every is None or _is_count(self.eval_every)
        _expect("eval_every", self.eval_every, valid, "a whole number above 0")
        valid = _is_number(self.checkpoint_minutes) and self.checkpoint_minutes >= 0
        _expect("checkpoint_minutes", self.checkpoint_minutes, valid, "0 or above, usually 10")

    def _check_data(self):
        sides = self.crop_size if isinstance(self.crop_size, tuple) else (self.crop_size,) * 2
        valid = len(sides) == 2 and all(_is_count(side) and side <= LARGEST_SIDE for side in sides)
        _expect("crop_size", self.crop_size, valid, "a side or (height, width) in pixels, for instance 257")
        limit_of(self.max_side)
        scales = (self.min_scale, self.max_scale)
        valid = all(_is_number(scale) for scale in scales) and 0 < self.min_scale <= self.max_scale
        _expect("(min_scale, max_scale)", scales, valid, "above 0 and in this order, for instance (0.5, 2)")
        valid = _is_number(self.scale_step) and self.scale_step >= 0
        _expect("scale_step", self.scale_step, valid, "0 or above, usually 0.25")
        Appearance(self.color_jitter, self.blur)
        check_rotation(self.rotate)
        _expect("sampling", self.sampling, self.sampling in SAMPLINGS, f"one of {SAMPLINGS}")
        weights = self.class_weights
        if isinstance(weights, str):
            valid = weights in METHODS or weights.endswith(".json")
        else:
            valid = weights is None or isinstance(weights, tuple)
        expected = f"one of {sorted(METHODS)}, a .json file, or a weight for each class"
        _expect("class_weights", weights, valid, expected)

    @property
    def eval_steps(self) -> int:
        """Steps between checkpoints, as resolved from `eval_every`."""
        return min(self.steps, self.eval_every or min(max(self.steps // 10, 100), 2000))

    @property
    def crop(self) -> tuple[int, int]:
        """(height, width) of the training crops."""
        return self.crop_size if isinstance(self.crop_size, tuple) else (self.crop_size, self.crop_size)

    def to_dict(self) -> dict:
        """A JSON-ready dictionary that `TrainConfig.from_dict` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> TrainConfig:
        """The inverse of `to_dict`, also after a round trip through JSON.

        Raises:
            ValueError: If a setting is unknown, missing or not possible.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"Training settings are names and values; received {reprlib.repr(values)}.")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"Unknown training settings {unknown}; known are {known}.")
        if missing := sorted({"data", "output"} - set(values)):
            raise ValueError(f"Training settings lack {missing}. Give them.")
        return cls(**values)
