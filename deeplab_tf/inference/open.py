"""Opens anything that predicts: a model, a `.keras` file, a run folder, a SavedModel, a released or exported file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from deeplab_tf.checks import meant
from deeplab_tf.crf import CRFParameters, DenseCRF
from deeplab_tf.files import recover
from deeplab_tf.images.scaling import FROM_MODEL, is_from_model
from deeplab_tf.inference.keras import KerasPredictor
from deeplab_tf.inference.memory import pixels_that_fit
from deeplab_tf.inference.multi_scale import MultiScale
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.inference.refined import Refined
from deeplab_tf.inference.saved_model import SavedModelPredictor
from deeplab_tf.inference.sliding_window import OVERLAP, WINDOW, SlidingWindow
from deeplab_tf.inference.tflite import TFLitePredictor
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import newest_version
from deeplab_tf.weights.sources import identify, kind_of
from deeplab_tf.weights.zoo.catalogue import ZOO

# What callers ask of a predictor, whether or not it derives from `Predictor`.
ASKED = ("source", "labels", "predict", "probabilities")

# A smaller window would be one or two cells of the features.
WIDEST_STRIDE = 32


@dataclasses.dataclass(frozen=True)
class PathKind:
    """A kind of file or folder that predicts.

    Args:
        name: What messages call it.
        reads: Whether a path is of the kind.
        opens: Makes the predictor from the path and `open_predictor`'s arguments for files, by their names.
        rebuilds: Whether it can have another output stride than its own.
        named: Whether there need not be a file or folder at the path, which is a name, or the prefix of a checkpoint.
    """

    name: str
    reads: Callable[[Path], bool]
    opens: Callable[..., Predictor]
    rebuilds: bool = False
    named: bool = False


def _open_tflite(path: Path, *, threads, input_range, max_side, **_) -> Predictor:
    return TFLitePredictor(path, threads=threads, input_range=input_range, max_side=max_side)


def _open_saved_model(path: Path, *, trust, max_side, **_) -> Predictor:
    return SavedModelPredictor(path, trust, max_side)


def _open_newest(path: Path, **options) -> Predictor:
    return _open_saved_model(newest_version(path), **options)


def _open_model(path: Path, *, max_side, output_stride, **_) -> Predictor:
    return _of_model(identify(path).load(), str(path), max_side, output_stride, frozen=True)


def _is(*names: str) -> Callable[[Path], bool]:
    """Whether a path is of one of these kinds of sources of weights."""
    return lambda path: getattr(kind_of(path), "name", None) in names


# One row for each kind; the first that reads a path opens it.
PATH_KINDS = (
    PathKind("a .tflite file", _is("tflite"), _open_tflite),
    PathKind("a SavedModel folder", lambda path: path.is_dir() and _is("saved_model")(path), _open_saved_model),
    PathKind("a folder of its versions", lambda path: newest_version(path) is not None, _open_newest),
    PathKind("a .keras file or a run folder", _is("keras", "application", "run_folder"), _open_model, rebuilds=True),
    PathKind(
        "another released file (.tar.gz, .pb, a checkpoint), or a name of deeplab-tf zoo",
        lambda path: kind_of(path) is not None,
        _open_model,
        rebuilds=True,
        named=True,
    ),
)


def open_predictor(
    model_or_path: SegmentationModel | Predictor | str | os.PathLike,
    threads: int | None = None,
    *,
    input_range: Sequence[float] | None = None,
    trust: bool = False,
    max_side: int | tuple[int, int] | str | None = FROM_MODEL,
    output_stride: int | None = None,
    scales: Sequence[float] | None = None,
    flip: bool = False,
    window: int | tuple[int, int] | None = None,
    overlap: float | None = None,
    crf: DenseCRF | CRFParameters | str | None = None,
) -> Predictor:
    """Opens anything that predicts, at one scale or several, whole or in windows, refined by a dense CRF or not.

    Args:
        model_or_path: A model of this package, a `.keras` file, a run folder, an exported SavedModel folder, or
            a `.tflite` file: an exported or a released one, which runs as it is. Another released file (`.tar.gz`,
            `.pb`, a checkpoint) or a name of the release's zoo is converted first, as by `load_released`. What is
            already open is returned as it is.
        threads: Threads of a `.tflite` file's interpreter; all processors when left out.
        input_range: The numbers that a `.tflite` file expects for the pixels 0 and 255, such as (-1, 1), where it does
            not state them.
        trust: Run a SavedModel whose graph holds operations that no export of this package has, such as those that
            read and write files.
        max_side: Larger images are scaled down to this side in pixels, or to fit this (height, width), antialiased;
            their scores are enlarged back. `"model"` takes the size that the model is made for, its `image_size`; None
            predicts at the image's own size: in windows, which is logged, where memory would not do for the whole.
        output_stride: Predict with the same weights at this output stride, 8, 16 or 32; Keras models only.
        scales: Average the probabilities over these scales of the image, from 1/16 to 16, such as
            (0.5, 0.75, 1, 1.25, 1.5, 1.75).
        flip: Average with the mirrored image, at each scale.
        window: Predict in overlapping windows of this side, or (height, width); each at all scales where there are
            several. Images are then seen at their own size unless `max_side` is given too.
        overlap: Fraction of a window that the next one covers again, from 0 to below 1; 0.25 when left out.
        crf: Refine the probabilities, at the size of the image, by this dense CRF, or by one of these parameters: a
            published name such as `"v2_resnet_101"`, five numbers in a text, or `CRFParameters`.

    Returns:
        The predictor. Its probabilities take 4 bytes for each pixel and class: 1 GB for 4000x3000 pixels and 21
        classes, and about twice that for a moment from a SavedModel. Labels take 4 bytes for each pixel, whatever the
        classes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ConnectionError: If the download of a name fails; the message says what to fetch by hand.
        ValueError: If it is of none of these kinds, damaged, or not a DeepLab model; the message names it. If an
            argument is not possible, or not with this model.

    Example:
        >>> predictor = open_predictor("model.keras")
        >>> predictor.predict(np.zeros((375, 500, 3), np.uint8)).shape
        (375, 500)
        >>> open_predictor("model.keras", output_stride=8, scales=(0.75, 1, 1.25), flip=True).source
        'model.keras'
    """
    # Before the model, which takes time to read.
    refinement = DenseCRF(crf) if isinstance(crf, CRFParameters | str | os.PathLike) else crf
    base = _opened(model_or_path, threads, input_range, trust, max_side, output_stride)
    predictor = _wrapped(base, base is model_or_path, max_side, scales, flip, window, overlap)
    return predictor if refinement is None else Refined(predictor, refinement)


def _wrapped(base: Predictor, given: bool, max_side, scales, flip, window, overlap) -> Predictor:
    limit = None if window is not None and is_from_model(max_side) else getattr(base, "limit", None)
    several = scales is not None or flip
    if several and not hasattr(base, "scores"):
        raise ValueError(f"{base.source} has no scores, which scales and flip average. Make it a Predictor.")
    whole = window is None and (limit is not None or (given and not several))
    if overlap is not None and whole:
        raise ValueError(
            f"overlap is that of windows, and images are predicted whole; received {overlap=}. Give window (--window) "
            f"as well, for instance {WINDOW}, or leave overlap out."
        )
    overlap = OVERLAP if overlap is None else overlap
    if given and not several and window is None:
        return base
    predictor = base.unlimited() if isinstance(base, Predictor) and (several or window is not None) else base
    if several:
        scales = (1.0,) if scales is None else scales
        predictor = MultiScale(predictor, scales, flip=flip, max_side=None if window is not None else limit)
    if window is not None:
        predictor = SlidingWindow(predictor, window, overlap=overlap)
        if min(predictor.window) <= WIDEST_STRIDE:
            raise ValueError(
                f"window must be larger than the output stride; received {window!r}. Take the crop that the network "
                f"was trained on, or more, for instance {WINDOW}."
            )
        return predictor if limit is None else MultiScale(predictor, max_side=limit)
    if limit is None:
        times = max(1.0, *predictor.scales) ** 2 if several else 1.0
        predictor = SlidingWindow(
            predictor, WINDOW, overlap=overlap, whole_up_to=lambda: pixels_that_fit(base.labels.classes) / times
        )
    return predictor


def _opened(model_or_path, threads, input_range, trust, max_side, output_stride) -> Predictor:
    if isinstance(model_or_path, SegmentationModel):
        return _of_model(model_or_path, model_or_path.name, max_side, output_stride)
    if not isinstance(model_or_path, str | os.PathLike):
        if all(hasattr(model_or_path, name) for name in ASKED):
            if not is_from_model(max_side) or output_stride is not None:
                wanted = f"{max_side=}" if output_stride is None else f"{output_stride=}"
                raise ValueError(
                    f"{model_or_path.source} is open already; received {wanted}. Give it to open_predictor."
                )
            return model_or_path
        raise ValueError(
            f"Expected a DeepLab model or the path of one; received {type(model_or_path).__name__}. "
            "Read a file with load_model first, or give its path."
        )
    path = Path(model_or_path)
    recover(path)
    expected = ", ".join(kind.name for kind in PATH_KINDS)
    kind = next((kind for kind in PATH_KINDS if kind.reads(path)), None)
    if not path.exists() and not (kind and kind.named):
        raise FileNotFoundError(f"There is no {path}.{meant(path, ZOO, 3)} Give one of: {expected}.")
    if kind is None:
        raise ValueError(f"{path} is of no kind that predicts; expected one of: {expected}.")
    if output_stride is not None and not kind.rebuilds:
        raise ValueError(
            f"{path} is an exported file, whose output stride is fixed; received {output_stride=}. Give the model's "
            ".keras file or run folder, or export that with this output stride."
        )
    return kind.opens(
        path, threads=threads, input_range=input_range, trust=trust, max_side=max_side, output_stride=output_stride
    )


def _of_model(
    model: SegmentationModel, source: str, max_side, output_stride: int | None, frozen: bool = False
) -> KerasPredictor:
    if output_stride is not None and output_stride != model.output_stride:
        model = model.rebuild(output_stride=output_stride)
    return KerasPredictor(model, source, max_side, frozen=frozen)
