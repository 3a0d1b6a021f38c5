"""Checkpoints of the original release into native models: every variable in its place, or an error."""

from __future__ import annotations

import collections
import logging
import os
from collections.abc import Iterable, Mapping

from deeplab_tf import backbones
from deeplab_tf.checks import listing
from deeplab_tf.labels import released_labels
from deeplab_tf.models import SegmentationModel, model_class
from deeplab_tf.models.arguments import resolve_labels
from deeplab_tf.models.class_rows import ClassRows
from deeplab_tf.models.registry import check_settings
from deeplab_tf.weights.formats.checkpoint import Checkpoint, read_checkpoint
from deeplab_tf.weights.formats.variable_names import model_variables
from deeplab_tf.weights.recognition import check_deeplab, class_count, dilated_branches, recognise
from deeplab_tf.weights.transfer import Transfer, class_rows
from deeplab_tf.weights.zoo.catalogue import IMAGE_SIZES

logger = logging.getLogger(__name__)

DEFAULT_BRANCHES = 3


def load_checkpoint(model: SegmentationModel, path: str | os.PathLike, *, start: bool = False) -> Transfer:
    """Fills a model with a checkpoint's variables, in place: all of them, or none and an error.

    A classifier of another number of classes is left as it is, which is logged.

    Args:
        model: The model; its images are RGB.
        path: The checkpoint, as `read_checkpoint` takes it.
        start: A start for training: the checkpoint must fill the whole backbone, but the head may be new, and what
            the checkpoint has beside the model, such as an ImageNet classifier, is left out.

    Returns:
        What was loaded, left new, not used and ignored.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it is damaged, or its variables are not the model's; the message names it and lists them.

    Example:
        >>> model = DeepLabV3("mobilenet_v2", atrous_rates=(), labels="pascal_voc")
        >>> str(load_checkpoint(model, "deeplabv3_mnv2_pascal_train_aug/model.ckpt-30000"))
        '109 layers loaded, 0 new (none); ignored 164 Momentum, 1 global_step'
    """
    return _load(model, read_checkpoint(path), start)


def load_checkpoint_model(
    path: str | os.PathLike, settings: Mapping | None = None, *, source: str | os.PathLike | None = None
) -> SegmentationModel:
    """The network of a checkpoint, built from its variables' names and shapes, with its weights.

    Backbone, depth multiplier, head, decoder and classes are read off the variables. Output stride and atrous rates
    leave no trace in them: they are 16 and 6, 12, 18 (LR-ASPP: 32) unless given, which is logged.

    Args:
        path: The checkpoint, as `read_checkpoint` takes it.
        settings: Constructor's arguments that replace what was read off, such as `{"output_stride": 8}`. With
            `"model"`, a key of `deeplab_tf.models.MODELS` such as `"v3plus"`, they are all arguments, and only the
            number of classes is read off where they leave it open.
        source: What to call it in the log; the path when left out.

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it is damaged, no DeepLab of a known backbone, or not of these settings; the message names it.

    Example:
        >>> model = load_checkpoint_model("deeplabv3_pascal_train_aug/model.ckpt", {"output_stride": 8})
        >>> type(model).__name__, model.backbone_name, model.labels.name
        ('DeepLabV3Plus', 'xception_65', 'pascal_voc')
    """
    checkpoint = read_checkpoint(path)
    model = build_from_checkpoint(checkpoint, settings)
    transfer = _load(model, checkpoint, start=False)
    assumed = [] if settings and "output_stride" in settings else [f"output stride {model.output_stride}"]
    logger.info(
        f"{source or checkpoint.path}: {type(model).__name__} {model.backbone_name}, {model.classes} classes; "
        f"{transfer}." + (f" Assumed, since a checkpoint does not tell: {assumed[0]}." if assumed else "")
    )
    return model


def build_from_checkpoint(checkpoint: Checkpoint, settings: Mapping | None = None) -> SegmentationModel:
    """The network alone, with fresh weights; arguments and errors as for `load_checkpoint_model`."""
    settings, kernels = dict(settings or {}), checkpoint.kernels()
    if "model" in settings:
        kind = model_class(settings.pop("model"))
        check_deeplab(checkpoint.path, kernels)
        read_off = {} if settings.get("labels") is not None else {"classes": class_count(kernels)}
    else:
        kind, read_off = recognise(checkpoint.path, kernels, settings)
        branches = len(dilated_branches(kernels))
        if branches not in (0, DEFAULT_BRANCHES) and "atrous_rates" not in settings:
            raise ValueError(
                f"{checkpoint.path} has {branches} dilated branches, and a checkpoint does not tell their rates. "
                f"Give them, for instance settings={{'atrous_rates': {(6, 12, 18, 24)[:branches]}}}."
            )
        if settings.get("labels") is not None:
            del read_off["classes"]
    check_settings(kind, settings, without=["weights"])
    arguments = {**read_off, **settings}
    if arguments.get("labels") is None and arguments.get("classes") is not None:
        arguments["labels"] = released_labels(arguments["classes"])
    spec = resolve_labels(arguments.get("classes"), arguments.get("labels"))
    return kind(**{"image_size": IMAGE_SIZES.get(spec.name), **arguments})


def _load(model: SegmentationModel, checkpoint: Checkpoint, start: bool) -> Transfer:
    layers, shapes = model_variables(model), checkpoint.shapes
    wanted = {name: weight for weights in layers.values() for name, weight in weights.items()}
    missing = [name for name in wanted if name not in shapes]
    misshapen = [name for name in wanted if name in shapes and shapes[name] != tuple(wanted[name].shape)]
    unused = [name for name in shapes if name not in wanted]
    classifiers = [name for name in model.classifiers if f"{name.replace('.', '/')}/weights" in shapes]
    rows = class_rows(model, [shapes[f"{name.replace('.', '/')}/weights"] for name in classifiers])
    fresh = _other_classes(model, layers, shapes)
    if not fresh and rows is not None and not rows.same:
        fresh = classifiers
    bad = set(missing + misshapen) - {name for layer in fresh for name in layers[layer]}
    if start:
        scope = f"{backbones.backbone(model.backbone_name).scope}/"
        fresh = [layer for layer, weights in layers.items() if bad.intersection(weights)] + fresh
        bad = {name for name in bad if name.startswith(scope)}
    if bad or (unused and not start):
        shown = {
            "missing in it": _grouped(name for name in missing if name in bad),
            "of another shape": _misshapen([name for name in misshapen if name in bad], wanted, shapes),
            "not used": "" if start else _grouped(unused),
        }
        raise ValueError(
            f"{checkpoint.path} does not fit this {type(model).__name__} of {model.backbone_name}: "
            f"{'; '.join(f'{what}: {names}' for what, names in shown.items() if names)}. "
            "Nothing was loaded. Build the model that the checkpoint holds, for instance by load_released."
        )
    loaded = [layer for layer in layers if layer not in fresh]
    names = [name for layer in loaded for name in layers[layer]]
    # A first look at every value, so that a damaged file leaves the model as it was.
    for name in names:
        checkpoint.read(name)
    carried = _carry_classes(model, checkpoint, rows, fresh) if rows is not None and not rows.same else []
    if carried and rows is not None and rows.complete:
        loaded, fresh = loaded + carried, [name for name in fresh if name not in carried]
    if fresh and not start and not carried:
        classes = shapes[next(iter(layers[fresh[0]]))][-1]
        logger.info(
            f"{checkpoint.path} has {classes} classes, the model {model.classes}: "
            f"{', '.join(fresh)} starts from scratch."
        )
    for name in names:
        wanted[name].assign(checkpoint.read(name))
    scopes = dict.fromkeys(name.rpartition("/")[0] for name in unused)
    return Transfer(loaded, fresh, list(scopes), checkpoint.ignored)


def _carry_classes(model: SegmentationModel, checkpoint: Checkpoint, rows: ClassRows, fresh: list[str]) -> list[str]:
    """Fills the classifiers among `fresh` by the names of the classes; those that were filled."""
    scopes = {name: name.replace(".", "/") for name in fresh if name in model.classifiers}
    theirs = {
        name: [checkpoint.read(f"{scope}/{kind}") for kind in ("weights", "biases")]
        for name, scope in scopes.items()
        if f"{scope}/biases" in checkpoint.shapes
    }
    classifiers = {name: reads for name, reads in model.classifiers.items() if name in theirs}
    return rows.carry({name: model.get_layer(name) for name in theirs}, theirs, classifiers)


def _other_classes(model: SegmentationModel, layers: Mapping, shapes: Mapping) -> list[str]:
    """The layers that differ from the checkpoint's in the number of classes only."""
    found = {}
    for layer, weights in layers.items():
        pairs = [(tuple(weight.shape), shapes.get(name)) for name, weight in weights.items()]
        classifier = len(pairs) > 1 and f"{layer.replace('.', '/')}/biases" in weights
        if classifier and all(theirs and _differ_in_classes(ours, theirs, model.classes) for ours, theirs in pairs):
            found[layer] = shapes[next(iter(weights))][-1]
    return list(found) if len(set(found.values())) == 1 else []


def _differ_in_classes(ours: tuple[int, ...], theirs: tuple[int, ...], classes: int) -> bool:
    """Whether only the number of classes differs: in the outputs, and where a decoder's logits are read again."""
    if len(ours) != len(theirs) or ours[-1] != classes or ours == theirs:
        return False
    return all(our == their or (our, their) == (classes, theirs[-1]) for our, their in zip(ours, theirs))


def _grouped(names: Iterable[str]) -> str:
    """How many of each part of a network, with an example."""
    groups = collections.defaultdict(list)
    for name in names:
        groups[name.split("/")[0]].append(name)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))
    texts = [f"{len(group)} of {part} ({group[0]}{', ...' if group[1:] else ''})" for part, group in largest]
    return listing(texts)


def _misshapen(names: list[str], wanted: Mapping, shapes: Mapping) -> str:
    return listing([f"{name} {list(shapes[name])}, here {list(wanted[name].shape)}" for name in names])
