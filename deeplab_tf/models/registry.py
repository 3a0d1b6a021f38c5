"""The models by name: one vocabulary for Python, the command line, training and the model zoo."""

from __future__ import annotations

from collections.abc import Iterable

from deeplab_tf.checks import one_of
from deeplab_tf.models.arguments import arguments_of, check_names
from deeplab_tf.models.auto_deeplab import AutoDeepLab
from deeplab_tf.models.lr_aspp import LRASPP
from deeplab_tf.models.segmentation_model import SegmentationModel
from deeplab_tf.models.v1 import DeepLabV1
from deeplab_tf.models.v2 import DeepLabV2
from deeplab_tf.models.v3 import DeepLabV3
from deeplab_tf.models.v3plus import DeepLabV3Plus

MODELS: dict[str, type[SegmentationModel]] = {
    "v1": DeepLabV1,
    "v2": DeepLabV2,
    "v3": DeepLabV3,
    "v3plus": DeepLabV3Plus,
    "lr_aspp": LRASPP,
    "auto_deeplab": AutoDeepLab,
}


def model_class(kind: str) -> type[SegmentationModel]:
    """The class of a model.

    Args:
        kind: A key of `MODELS`, such as `"v3plus"`, or the name of its class.

    Returns:
        The class, not a model.

    Raises:
        ValueError: If there is no such model; the message lists the known ones.

    Example:
        >>> model_class("v3plus").__name__
        'DeepLabV3Plus'
    """
    known = MODELS | {network.__name__: network for network in MODELS.values()}
    return known[one_of("model", kind, known)]


def first_argument(network: type[SegmentationModel]) -> str:
    """The argument that names a model's variant: `"backbone"`; of v1 `"variant"`, of Auto-DeepLab `"genotype"`."""
    return next(name for name in ("backbone", "variant", "genotype") if name in arguments_of(network))


def check_settings(network: type[SegmentationModel], names: Iterable[str], without: Iterable[str] = ()) -> None:
    """Refuses settings that a model does not have.

    Args:
        network: The model's class.
        names: The settings that were given.
        without: Arguments of the class that are not taken here.

    Raises:
        ValueError: If one is unknown; the message names the one that was probably meant and lists all.
    """
    check_names(network.__name__, names, [name for name in arguments_of(network) if name not in set(without)])


def create_model(kind: str, backbone: str | None = None, **settings) -> SegmentationModel:
    """A model of the family, freshly initialised or from `weights`.

    Args:
        kind: A key of `deeplab_tf.models.MODELS`: `"v1"`, `"v2"`, `"v3"`, `"v3plus"`, `"lr_aspp"` or `"auto_deeplab"`.
        backbone: Name of the feature extractor; the model's own default when left out. `"v1"` and `"auto_deeplab"`
            have a fixed one, and take `variant` and `genotype` in its place.
        **settings: Further arguments of the model's class, such as `classes`, `labels`, `output_stride`, `weights`.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model or an argument is unknown or not possible; the message lists what is.

    Example:
        >>> create_model("v3plus", "mobilenet_v2", classes=5).count_params()
        2760245
    """
    network = model_class(kind)
    if backbone is not None:
        first = first_argument(network)
        if first != "backbone":
            raise ValueError(
                f"{network.__name__} has a fixed backbone; received {backbone!r}. Leave it out; {first}=... chooses "
                "the network."
            )
        settings["backbone"] = backbone
    check_settings(network, settings)
    return network(**settings)
