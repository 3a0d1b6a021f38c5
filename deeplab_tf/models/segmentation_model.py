"""What all DeepLab models share: images in, logits out, labels and sizes carried along, rebuilding."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import keras

from deeplab_tf import backbones
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.layers import BatchNorm, ResizeLike, channel_values, truncated_normal
from deeplab_tf.models.initial_weights import load_initial_weights
from deeplab_tf.models.input_channels import check_input_shape, copy_stem, differs_in_channels
from deeplab_tf.scaling import limit_of

CLASSIFIER = "logits.semantic"
# Of a list of layers, as many are named on stderr.
SHOWN = 8
# Settings that go to the backbone, where it has them.
BACKBONE_OPTIONS = (
    "depth_multiplier", "divisible_by", "multi_grid", "cascade_blocks", "genotype", "base_filters", "drop_path_keep",
    "drop_path_steps",
)  # fmt: skip


def resolve_labels(classes: int | None, labels) -> LabelSpec:
    """The label specification that `classes` and `labels` mean together; 21 classes when both are left out.

    Raises:
        ValueError: If they contradict each other.
    """
    if labels is None:
        return label_spec(21 if classes is None else classes)
    spec = label_spec(labels)
    if classes is not None and classes != spec.classes:
        raise ValueError(
            f"classes={classes} contradicts the label specification {spec.name!r} of {spec.classes} classes. "
            "Give one of the two."
        )
    return spec


class SegmentationModel(keras.Model):
    """The base of the family: a functional Keras model that knows its labels, its stride and its canvas.

    A subclass's constructor passes its own arguments as `settings` and a function that makes the head; the model
    is built from them, saved by them, and rebuilt with some of them changed.

    Args:
        settings: The subclass's constructor arguments, JSON-ready. `backbone`, `output_stride`, `classes`,
            `labels`, `input_shape`, `crop_size`, `image_size`, `frozen_batch_norm`, `upsample_logits` and the
            backbone's options are read here. `weights`, what to start from, is loaded and not kept.
        head: `(features: Features) -> [B, h, w, C]`, the map that the classifier sees.
        name: The model's name.
        head_gives_logits: The head's map are the logits already.
        fuse: `(images, logits) -> logits`, what comes between the logits and their upsampling.
    """

    def __init__(
        self,
        settings: dict,
        head: Callable,
        name: str | None = None,
        *,
        head_gives_logits: bool = False,
        fuse: Callable | None = None,
        **kwargs,
    ):
        spec = resolve_labels(settings["classes"], settings["labels"])
        backbone = backbones.backbone(settings["backbone"])
        options = {option: settings[option] for option in BACKBONE_OPTIONS if settings.get(option) is not None}
        for option in options:
            if option not in backbone.options:
                raise ValueError(
                    f"The backbone {settings['backbone']!r} has no {option}; leave it out. "
                    f"Its options are {list(backbone.options)}."
                )
        crop_size = _crop_size(settings["crop_size"], settings["output_stride"])
        image_size = limit_of(settings.get("image_size"), "image_size")

        input_shape = check_input_shape(settings["input_shape"])
        weights = settings.pop("weights", None)

        images = keras.Input(input_shape, name="image")
        features = backbone.build(
            images,
            output_stride=settings["output_stride"],
            frozen_statistics=settings["frozen_batch_norm"],
            **options,
        )
        logits = head(features)
        if not head_gives_logits:
            # The classifier and what follows stay in float32 under mixed precision, as the loss needs it.
            logits = keras.layers.Conv2D(
                spec.classes, 1, kernel_initializer=truncated_normal(0.01), dtype="float32", name=CLASSIFIER
            )(logits)
        logits = fuse(images, logits) if fuse else logits
        if settings["upsample_logits"]:
            logits = ResizeLike(dtype="float32", name="logits.resize")([logits, images])
        super().__init__(inputs=images, outputs=logits, name=name, **kwargs)

        self.labels = spec
        self.classes = spec.classes
        self.backbone_name = settings["backbone"]
        self.output_stride = settings["output_stride"]
        self.crop_size = crop_size
        self.image_size = image_size
        self.pad_value = channel_values(backbone.pad_value, input_shape[-1])
        self._settings = {
            **settings,
            "classes": spec.classes,
            "labels": spec.to_dict(),
            "crop_size": crop_size,
            "image_size": None if image_size is None else list(image_size),
        }
        load_initial_weights(self, weights)

    def get_config(self) -> dict:
        """The constructor's arguments: enough to build the same network again, without its weights."""
        return {**self._settings, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds the network that `get_config` described."""
        config = {key: value for key, value in config.items() if key not in ("trainable", "dtype")}
        return cls(**config)

    def compile(self, *args, jit_compile: bool = False, **kwargs):
        """As `keras.Model.compile`, with XLA off unless asked for: it makes dilated convolutions slow on CPUs.

        A run begins: the statistics of normalisation are to follow its data, however long those before it took.
        """
        super().compile(*args, jit_compile=jit_compile, **kwargs)
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.begin_run()

    def for_training(self) -> keras.Model:
        """A model of the same layers that gives what the loss looks at: the logits, or a dictionary of several.

        Example:
            >>> trainer = model.for_training()
            >>> trainer.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        """
        return keras.Model(self.inputs, self.outputs)

    def rebuild(self, **changes) -> SegmentationModel:
        """The same model with other settings, keeping every weight that fits.

        Args:
            **changes: Constructor arguments to change, for instance `output_stride=8` (atrous rates follow
                unless they were given), `classes=5`, `labels=spec`, `frozen_batch_norm=True`,
                `input_shape=(None, None, 1)`, whose stem is averaged over the channels it had.

        Returns:
            A new model, not compiled. What had to be initialised anew is said on stderr and listed in its
            attribute `reinitialized`.

        Raises:
            ValueError: If an argument is unknown or not possible.

        Example:
            >>> finer = model.rebuild(output_stride=8)
            >>> finer.reinitialized
            []
        """
        unknown = sorted(set(changes) - set(self.get_config()))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no setting {unknown}; it has {sorted(self._settings)}.")
        config = {**self.get_config(), **changes}
        if "labels" in changes:
            config["classes"] = changes.get("classes")
        elif "classes" in changes and changes["classes"] != self.classes:
            config["labels"] = None
        model = type(self).from_config(config)
        model.reinitialized = copy_weights(self, model)
        if model.reinitialized:
            print(f"Initialised anew: {_listed(model.reinitialized)}.", file=sys.stderr)
        return model


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} layers more" if more > 0 else "")


def copy_weights(source: keras.Model, target: keras.Model) -> list[str]:
    """Copies the weights of all layers that bear the same name and shapes.

    A stem for images of another number of channels is averaged over its own and rescaled, which is said on stderr.

    Returns:
        Names of the target's layers with weights that got none.
    """
    source_layers = {layer.name: layer for layer in source.layers}
    left, stems = [], []
    for layer in target.layers:
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if not layer.trainable_weights and not layer.non_trainable_weights:
            continue
        twin = source_layers.get(layer.name)
        if twin is not None and [tuple(weight.shape) for weight in twin.weights] == wanted:
            layer.set_weights(twin.get_weights())
        elif twin is not None and differs_in_channels(source, target, twin, layer):
            stems.append(layer.name)
        elif wanted and not isinstance(layer, keras.layers.Dropout):
            left.append(layer.name)
    for name in stems:
        copy_stem(source, target, name)
    return left


def _crop_size(crop_size, output_stride: int) -> list[int] | None:
    if crop_size is None:
        return None
    size = list(crop_size) if isinstance(crop_size, Sequence) else [crop_size] * 2
    if len(size) != 2 or any(not isinstance(side, int) or side <= output_stride for side in size):
        raise ValueError(
            f"crop_size must be one or two sides larger than the output stride {output_stride}; "
            f"received {crop_size!r}. Take {output_stride} x k + 1, for instance {output_stride * 16 + 1}."
        )
    return size
