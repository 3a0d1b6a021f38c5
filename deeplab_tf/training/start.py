"""The model at the start of a run: built from the settings, with the weights that they name."""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.pipeline.image_sizes import advice_on_size, median_size, sampled_sizes, typical_size
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.heads import default_atrous_rates
from deeplab_tf.images.scaling import limit_of
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import MODELS, DeepLabV3, DeepLabV3Plus, SegmentationModel
from deeplab_tf.models.registry import check_settings
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import batches_of
from deeplab_tf.training.errors import explained
from deeplab_tf.training.optimisation.tables import ADAPTIVE
from deeplab_tf.weights import Source, identify, recalibrate_batch_norm
from deeplab_tf.weights.recalibration import folded_layers

log = logging.getLogger(__name__)

NETWORK = ("backbone", "depth_multiplier", "output_stride", "atrous_rates")
KEPT = (*NETWORK, "divisible_by")
DEFAULT = "v3"
# What a run decides for itself, by settings of its own.
DECIDED = {
    "classes", "labels", "input_shape", "crop_size", "image_size", "frozen_batch_norm", "upsample_logits", "weights",
    "name",
}  # fmt: skip
RECALIBRATION_IMAGES = 200
RATE, FINE_TUNING_RATE = 0.01, 0.001
# Their heads have no normalisation; their papers train with the lower rate.
UNNORMALIZED = ("v1", "v2")


def build_model(
    config: TrainConfig,
    labels: LabelSpec,
    image_size: tuple[int, int] | None = None,
    weights: Source | None = None,
) -> SegmentationModel:
    """The network that `config` asks for, with what fits of its weights; what is new is logged.

    What the settings leave open follows the network in the weights file.

    Args:
        config: The settings.
        labels: The data set's label specification.
        image_size: (height, width) of the images; prediction scales larger ones to it.
        weights: The source that `config.weights` names, if it is identified already.

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: If there is no such weights file.
        ValueError: If a setting is not possible, or the weights file is damaged or does not fit.

    Example:
        >>> build_model(TrainConfig(data="voc", output="run"), label_spec("pascal_voc")).classes
        21
    """
    weights = _identified(config, weights)
    source = weights.load() if weights and weights.segments else None
    kind = MODELS[config.model] if config.model else (type(source) if source else MODELS[DEFAULT])
    accepted = inspect.signature(kind).parameters
    # Training is for the many, who have no accelerator: the smallest backbone, not the papers'.
    settings = {"backbone": "mobilenet_v2"} if kind in (DeepLabV3, DeepLabV3Plus) else {}
    if source:
        known = source.settings
        settings = known if type(source) is kind else {name: known[name] for name in KEPT if name in known}
    given = _given(config, kind)
    settings = {name: value for name, value in {**settings, **given}.items() if name in accepted}
    if kind in (DeepLabV3, DeepLabV3Plus) and not source:
        settings["atrous_rates"] = _fitting_rates(config, settings.get("output_stride", 16))
    model = kind(
        **{
            **settings,
            "classes": None,
            "labels": labels,
            "input_shape": (None, None, 3),
            "crop_size": config.crop_size,
            "image_size": image_size,
            "frozen_batch_norm": config.batch_norm == "frozen",
            "upsample_logits": True,
            "name": None,
        }
    )
    if weights:
        origin = identify(source or weights)
        # Errors name the file, not the model that was read from it.
        origin.called = weights.name
        transfer = origin.transfer(model)
        log.info(f"{config.weights}: {transfer}")
    return model


def _given(config: TrainConfig, kind: type[SegmentationModel]) -> dict:
    """The arguments of the network that the settings name."""
    given = {name: getattr(config, name) for name in NETWORK if getattr(config, name) is not None}
    further = config.network.arguments or {}
    named = [name for name in further if name in NETWORK or name in DECIDED]
    if named:
        raise ValueError(f"{named[0]} is a setting of the run itself, so it cannot stand among those of the network.")
    check_settings(kind, {**given, **further}, without=DECIDED)
    return {**further, **given}


def _fitting_rates(config: TrainConfig, output_stride: int) -> tuple[int, ...]:
    """The atrous rates of a new ASPP: those given, or the published ones if the crop is large enough for them.

    At a rate of the map's side and more a 3x3 kernel touches padding with all but its centre, so its outer weights
    keep their initial values; whole images are larger than crops and would see them.
    """
    cells = (min(config.data.crop) - 1) // output_stride + 1
    rates = default_atrous_rates(output_stride) if config.atrous_rates is None else config.atrous_rates
    if max(rates, default=0) < cells:
        return rates
    if config.atrous_rates is None:
        return ()
    raise ValueError(
        f"atrous_rates {rates} do not fit crop_size {config.crop_size}: at output stride {output_stride} the map has "
        f"{cells} cells a side, and the outer weights of larger rates would not be trained. Take a crop_size of "
        f"{max(rates) * output_stride + 1} or more, smaller rates, or none."
    )


def with_learning_rate(config: TrainConfig, weights: Source | None = None) -> TrainConfig:
    """The settings with their learning rate filled in, if they leave it open; `weights` as for `build_model`.

    A network that segments already sits in a narrow minimum: at the rate that suits a new head it would lose in a
    hundred steps what it knows. DeepLabv1 and v2 have heads without batch normalisation, which diverge.
    """
    if config.learning_rate is not None:
        return config
    weights = _identified(config, weights)
    low = config.model in UNNORMALIZED or bool(weights and weights.segments)
    rate = FINE_TUNING_RATE if low else RATE
    return config.replace(learning_rate=rate / 10 if config.optimizer in ADAPTIVE else rate)


def settled(config: TrainConfig) -> TrainConfig:
    """The settings with those filled in that follow from others and from the weights, and not from the data.

    Raises:
        As `with_learning_rate`; and a `ValueError` where the network has no such argument.
    """
    config.check_said_once()
    # Which network it is, weights alone say only when they are read.
    if config.model or config.weights is None:
        _given(config, MODELS[config.model or DEFAULT])
    config = config.replace(eval_every=config.eval_steps)
    # Those of a stage need not be there yet.
    if config.learning_rate is not None:
        return config
    with _identified(config, None) or contextlib.nullcontext() as weights:
        return with_learning_rate(config, weights)


def start(config: TrainConfig, dataset: DataSet | ImageData) -> tuple[TrainConfig, SegmentationModel]:
    """The settings with their learning rate filled in, and the model; an archive is unpacked once for both.

    Raises:
        As `build_model`; and a `ValueError` if the training data is damaged.
    """
    with _identified(config, None) or contextlib.nullcontext() as weights:
        config = with_learning_rate(config, weights)
        return config, build_model(config, dataset.labels, image_size(config, dataset), weights)


def _identified(config: TrainConfig, weights: Source | None) -> Source | None:
    return identify(config.weights) if weights is None and config.weights is not None else weights


def image_size(config: TrainConfig, dataset: DataSet | ImageData) -> tuple[int, int] | None:
    """(height, width) that a model trained like this is made for.

    Raises:
        ValueError: If the training data is damaged.
    """
    return typical_size(_sizes(config, dataset))


def warn_of_small_crops(config: TrainConfig, dataset: DataSet | ImageData) -> None:
    """Logs where the crops show hardly anything of the images."""
    sizes = _sizes(config, dataset)
    if sizes and (advice := advice_on_size(median_size(sizes), config.data.crop)):
        log.warning("%s", advice)


def _sizes(config: TrainConfig, dataset: DataSet | ImageData) -> list[tuple[int, int]]:
    with explained(config, dataset, config.train_split):
        return sampled_sizes(dataset, config.train_split, limit_of(config.max_side))


def recalibrate(
    config: TrainConfig,
    dataset: DataSet | ImageData,
    model: SegmentationModel,
    image_weights: Sequence[float] | np.ndarray | None = None,
) -> list[str]:
    """Measures, in place, the statistics that folded weights lack, as far as the run will use them.

    Args:
        config: The settings.
        dataset: The data; the run's first batches are what is measured.
        model: The model.
        image_weights: As for `training_batches`.

    Returns:
        Names of the layers that were recalibrated.

    Raises:
        ValueError: If the training data is damaged.
    """
    images = RECALIBRATION_IMAGES if config.recalibrate is None else config.recalibrate
    images = min(images, config.batch_size) if config.fast_dev_run else images
    if config.batch_norm == "frozen" or not images or not folded_layers(model):
        return []
    batches = batches_of(config, dataset, model, image_weights=image_weights).take(
        math.ceil(images / config.batch_size)
    )
    with explained(config, dataset, config.train_split):
        return recalibrate_batch_norm(model, batches)


@contextlib.contextmanager
def precision(mixed: bool) -> Iterator[None]:
    """Networks that are built in the block compute in 16 bits, if `mixed`."""
    before = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
