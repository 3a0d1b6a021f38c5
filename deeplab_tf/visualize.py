"""Pictures of label maps: an overlay with contours and a legend, rows of them side by side, and what sheets share."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from deeplab_tf.checks import number
from deeplab_tf.images.bands import spread
from deeplab_tf.labels import LabelSpec

PAPER, INK, FRAME = (255, 255, 255), (32, 32, 32), (128, 128, 128)
CONTOUR = 255
STRIP_PIXELS = 2**18


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font of all pictures, of a size in pixels."""
    # Matplotlib ships this font, so that text looks the same everywhere and has letters beyond ASCII.
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)


def draw_class(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    *,
    side: int,
    color: Sequence[int],
    name: str,
    gap: int,
    text_size: int,
) -> None:
    """A legend's entry: a framed square in the class's colour and the name beside it.

    Args:
        draw: Draws on the picture.
        corner: Left and top of the square.
        side: Of the square, in pixels.
        color: RGB of the class.
        name: Of the class.
        gap: Pixels between square and name.
        text_size: Of the name, in pixels.
    """
    left, top = corner
    draw.rectangle((left, top, left + side, top + side), tuple(color), outline=FRAME)
    draw.text((left + side + gap, top + side // 2), name, INK, font(text_size), anchor="lm")


def fitted(
    pixels: np.ndarray, way: Image.Resampling, *, width: float = math.inf, height: float = math.inf
) -> Image.Image:
    """A picture, uint8 `[H, W, 3]`, scaled to just fit a width, a height or both, with its aspect kept."""
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    size = tuple(max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0]))
    return Image.fromarray(pixels).resize(size, way)


def _text_size(height: int, width: int) -> int:
    return int(np.clip(np.sqrt(height * width) / 30, 11, 72))


def shares(labels: np.ndarray, spec: LabelSpec) -> dict[int, float]:
    """Share of the pixels of each class that occurs, by id, largest first; ids beyond the classes are left out.

    Args:
        labels: Integer `[H, W]`, 0-255.
        spec: The classes.

    Example:
        >>> shares(np.array([[0, 0, 0, 2]]), label_spec("pascal_voc"))
        {0: 0.75, 2: 0.25}
    """
    counts = np.bincount(np.asarray(labels).ravel(), minlength=spec.classes)[: spec.classes]
    order = np.argsort(-counts, kind="stable")
    return {int(index): float(counts[index] / labels.size) for index in order if counts[index]}


def _contours(labels: np.ndarray, width: int) -> np.ndarray:
    edges = np.zeros(labels.shape, bool)
    edges[:-1] |= labels[:-1] != labels[1:]
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    for axis in (0, 1):
        edges = spread(edges, width // 2, axis, np.logical_or)
    return edges


def _tinted(image: np.ndarray, labels: np.ndarray, spec: LabelSpec, alpha: float) -> np.ndarray:
    """The image blended with the classes' colours."""
    # The classes, the ignore label, and one row for all that is neither.
    rows = np.full(spec.mask_values, spec.classes + 1, np.intp)
    rows[spec.ignore_label] = spec.classes
    rows[: spec.classes] = np.arange(spec.classes)
    colors = np.zeros((spec.classes + 2, 1, 3), np.float32)
    colors[:-1, 0] = spec.palette[[*range(spec.classes), spec.ignore_label]]
    weights = np.where(colors.any(-1, keepdims=True), np.float32(alpha), np.float32(0))
    values = np.arange(256, dtype=np.float32)[:, None]
    # What each colour makes of each value, looked up: large images are blended as fast as they are read.
    table = np.rint(values + weights * (colors - values)).astype(np.uint8)
    channels = [np.ascontiguousarray(table[..., channel]).ravel() for channel in range(3)]
    blended = np.empty_like(image)
    height = max(1, STRIP_PIXELS // max(1, image.shape[1]))
    for top in range(0, image.shape[0], height):
        strip = slice(top, top + height)
        start = rows[labels[strip]] * 256
        for channel in range(3):
            blended[strip, :, channel] = channels[channel][start + image[strip, :, channel]]
    return blended


def overlay(
    image: np.ndarray, labels: np.ndarray, spec: LabelSpec, alpha: float = 0.5, legend: bool = True
) -> np.ndarray:
    """The image tinted with the classes' colours, white contours between them, and a legend beside it.

    A class whose colour is black (the background of PASCAL VOC) leaves the image as it is.

    Args:
        image: RGB, uint8 `[H, W, 3]`.
        labels: Integer `[H, W]`, 0-255.
        spec: Names and colours of the classes.
        alpha: Weight of the colours, 0-1.
        legend: Add the classes that occur, largest first, with their fraction of the pixels.

    Returns:
        RGB, uint8 `[H, W, 3]`; with a legend wider, and higher where the legend needs it.

    Raises:
        ValueError: If the sizes differ or `alpha` is not in 0-1.

    Example:
        >>> overlay(image, labels, label_spec("pascal_voc"), legend=False).shape == image.shape
        True
    """
    if image.shape[:2] != labels.shape:
        raise ValueError(
            f"The image has the size {image.shape[:2]}, its labels {labels.shape}; they must be equal. "
            "Resize the labels by the nearest pixel."
        )
    number("alpha", alpha, least=0, most=1, remedy="It is the weight of the colours; try 0.5.")
    labels = np.asarray(labels, spec.mask_dtype)
    blended = _tinted(image, labels, spec, alpha)
    blended[_contours(labels, round(min(labels.shape) / 300))] = CONTOUR
    return _with_legend(blended, labels, spec) if legend else blended


def _with_legend(picture: np.ndarray, labels: np.ndarray, spec: LabelSpec) -> np.ndarray:
    rows = [(spec.colors[index], spec.names[index], share) for index, share in shares(labels, spec).items()]
    height, width = labels.shape
    size = _text_size(height, width)
    step, gap = round(size * 1.5), size // 2
    texts = [(name, f"{share:.1%}" if share >= 0.001 else "< 0.1%") for _, name, share in rows]
    name_width, share_width = (
        max((int(np.ceil(font(size).getlength(text[column]))) for text in texts), default=0) for column in range(2)
    )
    legend_width = gap + size + gap + name_width + 2 * gap + share_width + gap
    canvas = Image.new("RGB", (width + legend_width, max(height, len(rows) * step + 2 * gap)), PAPER)
    canvas.paste(Image.fromarray(picture), (0, 0))
    draw = ImageDraw.Draw(canvas)
    for index, ((color, _, _), (name, share)) in enumerate(zip(rows, texts)):
        middle = gap + index * step + step // 2
        corner = width + gap, middle - size // 2
        draw_class(draw, corner, side=size, color=color, name=name, gap=gap, text_size=size)
        draw.text((canvas.width - gap, middle), share, INK, font(size), anchor="rm")
    return np.asarray(canvas)


def grid(
    rows: Sequence[Sequence[np.ndarray]],
    spec: LabelSpec,
    titles: Sequence[str] = ("image", "truth", "prediction"),
    height: int = 240,
) -> np.ndarray:
    """Rows of pictures at one height under column titles, for instance image, truth and prediction.

    Args:
        rows: Each a sequence as long as `titles` of images, uint8 `[H, W, 3]`, and label maps, integer `[H, W]`,
            which are shown in their colours.
        spec: Colours of the label maps.
        titles: One a column.
        height: Of every row, in pixels.

    Returns:
        RGB, uint8 `[H, W, 3]`.

    Raises:
        ValueError: If there are no rows, or one is not as long as `titles`.

    Example:
        >>> write_image("examples.png", grid([(image, truth, prediction)], spec))
    """
    if not rows or any(len(row) != len(titles) for row in rows):
        raise ValueError(
            f"Expected rows of {len(titles)} pictures, one under each of {tuple(titles)}; received rows of "
            f"{[len(row) for row in rows]}."
        )
    scaled = [[_scaled(picture, spec, height) for picture in row] for row in rows]
    size = int(np.clip(height / 15, 11, 72))
    gap, header = max(4, size // 2), 2 * size
    widths = [max(row[column].width for row in scaled) for column in range(len(titles))]
    lefts = np.cumsum([gap, *(width + gap for width in widths)])
    canvas = Image.new("RGB", (int(lefts[-1]), header + len(rows) * (height + gap)), PAPER)
    draw = ImageDraw.Draw(canvas)
    for left, width, title in zip(lefts, widths, titles):
        draw.text((left + width // 2, header // 2), title, INK, font(size), anchor="mm")
    for index, row in enumerate(scaled):
        for left, width, picture in zip(lefts, widths, row):
            canvas.paste(picture, (int(left) + (width - picture.width) // 2, header + index * (height + gap)))
    return np.asarray(canvas)


def _scaled(picture: np.ndarray, spec: LabelSpec, height: int) -> Image.Image:
    if picture.ndim == 2:
        return fitted(spec.colorize(picture), Image.Resampling.NEAREST, height=height)
    return fitted(picture, Image.Resampling.BILINEAR, height=height)
