"""A source of weights: what is asked of one, whatever its kind, and the table of the kinds."""

from __future__ import annotations

import abc
import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import keras

from deeplab_tf.backbones import BACKBONES
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import SegmentationModel, copy_weights
from deeplab_tf.weights.formats.released_file import ReleasedFile
from deeplab_tf.weights.transfer import Transfer
from deeplab_tf.weights.zoo.catalogue import zoo_entry

RGB = 3
# Depth multipliers of backbones that are not 1 when left out.
WIDTHS = {"mobilenet_edgetpu_slim": 0.75}


@dataclasses.dataclass(frozen=True)
class Network:
    """The network that weights were made for, as far as they tell.

    Args:
        backbone: Its name.
        depth_multiplier: Of the backbone.
        model: The model's class; None of a backbone alone, as are the following.
        output_stride: Output stride.
        labels: The classes; with names where the source has or implies them.
    """

    backbone: str
    depth_multiplier: float
    model: type[SegmentationModel] | None = None
    output_stride: int | None = None
    labels: LabelSpec | None = None

    @property
    def classes(self) -> int | None:
        """Number of classes."""
        return None if self.labels is None else self.labels.classes

    @classmethod
    def of_backbone(cls, name: str, settings: Mapping) -> Network:
        """A backbone alone.

        Args:
            name: Its name in `deeplab_tf.backbones.BACKBONES`.
            settings: Its options; of these `depth_multiplier` is read.

        Returns:
            The network, of no model and no classes.
        """
        return cls(name, settings.get("depth_multiplier") or WIDTHS.get(name, 1.0))

    @classmethod
    def of(cls, model: SegmentationModel) -> Network:
        """That of a model.

        Args:
            model: A model of this package.

        Returns:
            Its backbone, stride and labels.

        Example:
            >>> network = Network.of(DeepLabV3("mobilenet_v2", labels="camvid"))
            >>> network.backbone, network.output_stride, network.classes
            ('mobilenet_v2', 16, 11)
        """
        alone = cls.of_backbone(model.backbone_name, model.settings)
        return dataclasses.replace(alone, model=type(model), output_stride=model.output_stride, labels=model.labels)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A row of `KINDS`.

    Args:
        name: Its name.
        title: The same for messages, with an article.
        source: The class of sources of this kind.
        suffixes: How files of this kind end.
        looks: `(source) -> bool`: tells sources of this kind by more than the end of their name.
        read: Reads a file whose normalisation is folded, for the source `FoldedFile`.
    """

    name: str
    title: str
    source: type[Source]
    suffixes: tuple[str, ...] = ()
    looks: Callable[[object], bool] | None = None
    read: Callable[[Path], ReleasedFile] | None = None

    def fits(self, source) -> bool:
        """Whether a source is of this kind.

        Args:
            source: A path, a name or a model.

        Returns:
            True if it looks like one, or its name ends like one.
        """
        if self.looks is not None and self.looks(source):
            return True
        return bool(self.suffixes) and os.fspath(source).endswith(self.suffixes) and not Path(source).is_dir()


class Source(abc.ABC):
    """Weights of one kind, as `identify` finds them.

    A `with` block keeps what is unpacked for it until its end; without one, each call unpacks again.

    Args:
        kind: The row of its kind.
        given: What the user gave: a path, a name or a model.

    Attributes:
        called: What to call it in messages instead, such as the archive that it is in.
    """

    # Whether the weights are for RGB images, so that a model for other images is filled by way of one for RGB.
    rgb_only = False

    def __init__(self, kind: Kind, given):
        self.kind, self.given, self.called = kind, given, None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error) -> bool | None:
        return None

    def __repr__(self) -> str:
        return f"<{self.name}: {self.kind.title}>"

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.called or (self.given.name if isinstance(self.given, keras.Model) else shown(self.given))

    @property
    def path(self) -> Path:
        """Where it is, if it is a path."""
        return Path(self.given)

    @property
    @abc.abstractmethod
    def segments(self) -> bool:
        """Whether it holds a whole segmentation network, not a classifier or a backbone.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is damaged; the message names it.
        """

    @property
    def network(self) -> Network | None:
        """The network that it was made for; None where only a model that it is to fill can tell.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is damaged, or is not a network that is known; the message names it.
        """
        return None

    def read(self) -> ReleasedFile:
        """The convolutions of a file whose normalisation is folded.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is not of such a kind or damaged; the message names it.
        """
        raise ValueError(f"{self.name} is {self.kind.title}; folded convolutions are read from {_folded_suffixes()}.")

    def load(self, settings: Mapping | None = None) -> SegmentationModel:
        """The model.

        Args:
            settings: The constructor's arguments, where they are known and the file does not tell them.

        Returns:
            The model, not compiled.

        Raises:
            FileNotFoundError: If there is no such file.
            ConnectionError: If a download fails.
            ValueError: If it is damaged or not a DeepLab; the message names it.
        """
        raise ValueError(
            f"{self.name} is {self.kind.title}, a start for training and not a DeepLab. Give it to a model: "
            "weights=... of its constructor or transfer_weights, on the command line --weights."
        )

    def convert(self) -> SegmentationModel:
        """As `load`, of what is not a model of this package already.

        Raises:
            FileNotFoundError: As for `load`.
            ConnectionError: As for `load`.
            ValueError: As for `load`, and of what is one already.
        """
        return self.load()

    def transfer(self, model: SegmentationModel) -> Transfer:
        """Loads into a model all weights that fit, in place; see `transfer_weights`.

        Args:
            model: The model to fill.

        Returns:
            What was loaded and what was left as it was.

        Raises:
            FileNotFoundError: If there is no such file.
            ConnectionError: If a download fails.
            ValueError: If it is damaged, or nothing of the backbone fits; the message names it.
        """
        if self.rgb_only and model.input_shape[-1] != RGB:
            twin = type(model)(**{**model.settings, "input_shape": (None, None, RGB)})
            transfer = self.transfer(twin)
            copy_weights(twin, model)
            return transfer
        transfer = self._fill(model)
        scope = BACKBONES[model.backbone_name].scope
        if not any(name.startswith(f"{scope}.") for name in transfer.loaded):
            raise ValueError(
                f"{self.name} has no weights that fit the backbone {model.backbone_name} of this model. "
                "Give weights of the same backbone and depth multiplier."
            )
        return transfer

    def _fill(self, model: SegmentationModel) -> Transfer:
        """Loads what fits into a model, for RGB images where `rgb_only` says so."""
        raise TypeError(f"{type(self).__name__} must have `_fill`, or its own `transfer`.")


# In the order in which they are asked; `deeplab_tf.weights.sources` fills it.
KINDS: dict[str, Kind] = {}


def kind_of(source) -> Kind | None:
    """The kind of a source of weights; None if it is of none."""
    if not isinstance(source, str | os.PathLike | keras.Model):
        return None
    return next((kind for kind in KINDS.values() if kind.fits(source)), None)


def identify(source: str | os.PathLike | keras.Model | Source) -> Source:
    """What a source of weights is.

    Args:
        source: A path, a name of the release's model zoo, `"imagenet"`, or a model. What is identified already is
            returned as it is.

    Returns:
        The source: its kind, whether it `segments`, its `network`, and how to `load` it or to `transfer` from it. Most
        kinds are told by their names; the file is opened when something is asked of it.

    Raises:
        FileNotFoundError: If there is nothing of this name.
        ValueError: If it is of no known kind; the message names it and lists what there is.

    Example:
        >>> source = identify("deeplabv3_mnv2_pascal_quant.tflite")
        >>> source.kind.name, source.segments, source.network.output_stride, source.network.labels.name
        ('tflite', True, 16, 'pascal_voc')
    """
    if isinstance(source, Source):
        return source
    kind = kind_of(source)
    if kind is None:
        _refuse(source)
    return kind.source(kind, source)


def _refuse(source) -> NoReturn:
    if not isinstance(source, str | os.PathLike):
        raise ValueError(f"Weights come from a file, a name or a model; received {type(source).__name__}.")
    path = Path(source)
    if not path.suffix and not path.exists():
        if len(path.parts) == 1:
            zoo_entry(os.fspath(source))
        raise FileNotFoundError(f"There is no {shown(path)}. Give a file, a checkpoint or a run folder.")
    raise ValueError(
        f"{shown(path)} has no known format; released files end in {_folded_suffixes()}, or are checkpoints "
        "(model.ckpt with its .index and .data files)."
    )


def _folded_suffixes() -> str:
    return " or ".join(suffix for kind in KINDS.values() if kind.read for suffix in kind.suffixes)
