"""What all DeepLab models share: images in, logits out, labels and sizes carried along, rebuilding."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import keras

from deeplab_tf import backbones
from deeplab_tf.backbones import Features
from deeplab_tf.checks import listing, sides
from deeplab_tf.heads import CLASSIFIER, reads_logits
from deeplab_tf.images.scaling import limit_of
from deeplab_tf.labels import label_spec
from deeplab_tf.layers import ResizeLike, channel_values
from deeplab_tf.models.arguments import arguments_of, check_names, defaults_of, resolve_labels
from deeplab_tf.models.carried_settings import built_in, describes, read_network, write_network
from deeplab_tf.models.copying import copy_weights, twins
from deeplab_tf.models.fitted_model import FittedModel
from deeplab_tf.models.initial_weights import load_initial_weights
from deeplab_tf.models.input_channels import check_input_shape
from deeplab_tf.models.signatures import take_clones

logger = logging.getLogger(__name__)

# Of a configuration, what describes the layers.
GRAPH = ("layers", "input_layers", "output_layers", "trainable", "dtype")
# Settings that go to the backbone, where it has them.
BACKBONE_OPTIONS = (
    "depth_multiplier", "divisible_by", "multi_grid", "cascade_blocks", "genotype", "base_filters", "drop_path_keep",
    "drop_path_steps",
)  # fmt: skip


class SegmentationModel(FittedModel):
    """The base of the family: a functional Keras model with its labels, its stride and its canvas.

    A subclass's constructor passes its own arguments as `settings`, and its `head` makes logits of features; the model
    is built from them, and rebuilt with some of them changed. Files and clones hold them beside the layers as Keras
    describes these, so that frozen layers, their precision and whatever was changed in them come back as well.

    Args:
        settings: The subclass's constructor arguments, JSON-ready. `weights`, what to start from, and `name` are not
            kept.

    Raises:
        ValueError: If a setting is not possible, or the weights do not fit.
        TypeError: If the subclass has neither `head` nor a `network` of its own.

    Example:
        >>> isinstance(DeepLabV3("mobilenet_v2"), SegmentationModel)
        True
    """

    def __init__(self, settings: dict):
        settings = dict(settings)
        name, weights = settings.pop("name"), settings.pop("weights")
        spec = resolve_labels(settings["classes"], settings["labels"])
        image_size = limit_of(settings["image_size"], "image_size")
        settings |= {
            "classes": spec.classes,
            "labels": spec.to_dict(),
            "crop_size": _crop_size(settings["crop_size"], settings["output_stride"]),
            "image_size": None if image_size is None else list(image_size),
        }

        images = keras.Input(check_input_shape(settings["input_shape"]), name="image")
        logits = self.network(images, SimpleNamespace(**settings))
        if settings["upsample_logits"]:
            logits = ResizeLike(dtype="float32", name="logits.resize")([logits, images])
        super().__init__(inputs=images, outputs=logits, name=name)

        write_network(self, settings)
        self._know(settings)
        load_initial_weights(self, weights)

    def network(self, images: keras.KerasTensor, settings: SimpleNamespace) -> keras.KerasTensor:
        """Features, the head on them, and so the logits, at the stride of the map that they are made of.

        Args:
            images: `[B, H, W, C]`, 0-255.
            settings: The constructor's arguments as attributes, `classes` always a number.

        Returns:
            Logits, float32 `[B, h, w, classes]`.

        Raises:
            ValueError: If the backbone or the head does not take the settings.
            TypeError: If a subclass has no head.
        """
        features = _features(images, settings)
        return self.head(features, settings)

    def head(self, features: Features, settings: SimpleNamespace) -> keras.KerasTensor:
        """Logits of a backbone's features; each model has its own.

        Args:
            features: The last map and the low-level maps by stride, `[B, h, w, C]` each.
            settings: The constructor's arguments as attributes, `classes` always a number.

        Returns:
            Logits, float32 `[B, h, w, classes]`, at the stride of the map that they are made of.

        Raises:
            ValueError: If the features or the settings do not fit the head.
            TypeError: If a subclass has none.
        """
        raise TypeError(
            f"{type(self).__name__} must have `head`, or its own `network`, which makes logits of features."
        )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            take_clones(cls)

    def from_layers(self, inputs, outputs, name: str | None = None, **kwargs) -> None:
        """Keras's constructor of functional models, for layers that were copied from a model of this package.

        Args:
            inputs: As for `keras.Model`.
            outputs: As for `keras.Model`.
            name: The model's name.
            **kwargs: As for `keras.Model`.

        Raises:
            ValueError: If none of the layers carries a model's settings.
        """
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self._know(self._current(read_network(self)))

    @classmethod
    def renamed(cls, settings: dict) -> dict:
        """Settings of an earlier version under the names that they have now; a class that renames some overrides it.

        Args:
            settings: Constructor's arguments, as a file has them.

        Returns:
            The same, renamed.
        """
        return settings

    @classmethod
    def _current(cls, settings: dict) -> dict:
        """As `renamed`; arguments that an earlier version did not have at their defaults."""
        return {**defaults_of(cls), **cls.renamed(settings)}

    def _know(self, settings: dict) -> None:
        self.labels = label_spec(settings["labels"])
        self.classes = self.labels.classes
        self.backbone_name = settings["backbone"]
        self.output_stride = settings["output_stride"]
        self.crop_size = settings["crop_size"]
        self.image_size = limit_of(settings["image_size"], "image_size")
        self.pad_value = channel_values(backbones.backbone(self.backbone_name).pad_value, self.input_shape[-1])
        self._settings = settings

    @property
    def settings(self) -> dict:
        """The constructor's arguments, as far as they are kept: not `weights` and `name`."""
        return {name: self._settings[name] for name in arguments_of(type(self)) if name in self._settings}

    @property
    def backbone_layers(self) -> list[keras.layers.Layer]:
        """The layers of the feature extractor, for instance to freeze them.

        Example:
            >>> for layer in model.backbone_layers:
            ...     layer.trainable = False
        """
        scope = backbones.backbone(self.backbone_name).scope
        return [layer for layer in self.layers if layer.name.startswith(f"{scope}.")]

    @property
    def head_layers(self) -> list[keras.layers.Layer]:
        """The layers behind the feature extractor: ASPP, decoder, classifier."""
        backbone = {layer.name for layer in self.backbone_layers}
        inputs = keras.layers.InputLayer
        return [layer for layer in self.layers if layer.name not in backbone and not isinstance(layer, inputs)]

    @property
    def classifiers(self) -> dict[str, bool]:
        """The names of the layers that give the classes, and whether their input begins with a map of the classes."""
        convolutions = [
            layer.name for layer in self.layers if isinstance(layer, keras.layers.Conv2D) and layer.use_bias
        ]
        semantic = {name: False for name in convolutions if name.startswith(CLASSIFIER)}
        if semantic:
            return semantic
        summed = self._settings.get("decoder_merge") != "concat"
        giving = [name for name in convolutions if name.startswith("decoder.") and (summed or "projection" not in name)]
        return {name: reads_logits(name) for name in giving}

    def get_config(self) -> dict:
        """Keras's description of the layers, the precision and the constructor's arguments, without weights."""
        return {**super().get_config(), **self.settings, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds the network that `get_config` described; where its arguments were changed, by these.

        Raises:
            ValueError: If it names weights to load: a description that comes from elsewhere must open no file.
        """
        config = cls._current(dict(config))
        if config.pop("weights", None) is not None:
            raise ValueError(
                "A model's configuration must not name weights to load. Build the model with "
                f"{cls.__name__}(..., weights=...) instead."
            )
        graph = {key: config.pop(key) for key in GRAPH if key in config}
        with built_in(graph.pop("dtype", None)):
            if "layers" not in graph or not describes(graph["layers"], config, cls._current):
                return cls(**config)
            return super().from_config({**graph, "name": config.get("name")}, custom_objects)

    def for_training(self) -> keras.Model:
        """A model of the same layers that gives what the loss looks at.

        Returns:
            A model from images to the logits, float32 `[B, H, W, classes]`, or to a dictionary of several.

        Example:
            >>> trainer = model.for_training()
            >>> trainer.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        """
        return keras.Model(self.inputs, self.outputs)

    def rebuild(self, **changes) -> SegmentationModel:
        """The same model with other settings, keeping every weight that fits, frozen layers and the precision.

        Args:
            **changes: Constructor arguments to change, for instance `output_stride=8` (atrous rates follow
                unless they were given), `classes=5`, `labels=spec`, `frozen_batch_norm=True`,
                `input_shape=(None, None, 1)`, whose stem is averaged over the channels it had. `dtype` is the
                precision, such as `"mixed_float16"`.

        Returns:
            A new model, not compiled. What had to be initialised again is logged and listed in its
            attribute `reinitialized`. Of a classifier for other labels the classes of the same name keep their
            weights, which is logged; as many classes without names keep all.

        Raises:
            ValueError: If an argument is unknown or not possible.

        Example:
            >>> finer = model.rebuild(output_stride=8)
            >>> finer.reinitialized
            []
        """
        check_names(type(self).__name__, changes, sorted([*self.settings, "name", "dtype"]))
        config = {**self.settings, "name": self.name, **changes}
        dtype = config.pop("dtype", self.dtype_policy.name)
        if "labels" in changes:
            config["classes"] = changes.get("classes")
        elif "classes" in changes and changes["classes"] != self.classes:
            config["labels"] = None
        with built_in(dtype):
            model = type(self)(**config)
        if "frozen_batch_norm" not in changes:
            for layer, twin in twins(self, model):
                layer.trainable = twin.trainable
        model.reinitialized = copy_weights(self, model)
        if model.reinitialized:
            logger.info(f"Started from scratch: {listing(model.reinitialized)}.")
        return model


def _features(images: keras.KerasTensor, settings: SimpleNamespace) -> Features:
    """The features of the backbone that the settings name, with those of its options that are among them."""
    backbone = backbones.backbone(settings.backbone)
    given = {option: getattr(settings, option, None) for option in BACKBONE_OPTIONS}
    options = {option: value for option, value in given.items() if value is not None}
    for option in options:
        if option not in backbone.options:
            raise ValueError(
                f"The backbone {settings.backbone!r} has no {option}; leave it out. "
                f"Its options are {list(backbone.options)}."
            )
    return backbone.build(
        images, output_stride=settings.output_stride, frozen_statistics=settings.frozen_batch_norm, **options
    )


def _crop_size(crop_size, output_stride: int) -> list[int] | None:
    if crop_size is None:
        return None
    remedy = (
        f"The output stride is {output_stride}: take {output_stride} x k + 1, for instance {output_stride * 16 + 1}."
    )
    return list(sides("crop_size", crop_size, above=output_stride, remedy=remedy))
