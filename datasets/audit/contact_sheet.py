"""A sheet of sample images beside their labelled overlays, with the classes' legend."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from deeplab_tf.images import write_image
from deeplab_tf.labels import LabelSpec
from deeplab_tf.visualize import FRAME, INK, PAPER, draw_class, fitted, font

CELL = (240, 180)
_COLUMNS = 3
_GAP = 14
_CAPTION = 20
_SWATCH, _SWATCH_GAP = 14, 6
_TEXT = 12
WRONG_COLOR = (255, 0, 255)


def thumbnails(image: np.ndarray | None, label: np.ndarray | None, labels: LabelSpec) -> np.ndarray:
    """An image and the same under its class colours, side by side at the sheet's cell size.

    Args:
        image: uint8 `[H, W, 3]`, or None where there is none.
        label: uint8 `[H, W]`, or None. Ids that are no class come out in `WRONG_COLOR`. One of another size than the
            image, or without an image, is shown by its colours alone; so is a picture, uint8 `[H, W, 3]`.
        labels: The classes' colours.

    Returns:
        uint8 `[180, 482, 3]`.
    """
    pair = Image.new("RGB", (2 * CELL[0] + 2, CELL[1]), PAPER)
    left = right = None
    if image is not None:
        left = fitted(image, Image.Resampling.LANCZOS, width=CELL[0], height=CELL[1])
    if label is not None:
        right = fitted(_colored(label, labels), Image.Resampling.NEAREST, width=CELL[0], height=CELL[1])
        if image is not None and label.shape == image.shape[:2]:
            right = Image.blend(left.convert("L").convert("RGB"), right, 0.62)
    for part, picture, start in (("image", left, 0), ("mask", right, CELL[0] + 2)):
        if picture is None:
            middle = start + CELL[0] // 2, CELL[1] // 2
            ImageDraw.Draw(pair).text(middle, f"no {part}", FRAME, font(14), anchor="mm")
        else:
            inner = start if part == "mask" else CELL[0] - picture.width
            pair.paste(picture, (inner, (CELL[1] - picture.height) // 2))
    return np.asarray(pair)


def _colored(label: np.ndarray, labels: LabelSpec) -> np.ndarray:
    if label.ndim == 3:
        return label
    colors = labels.colorize(label)
    colors[~labels.is_valid(label)] = WRONG_COLOR
    return colors


def write_contact_sheet(
    path: str | os.PathLike,
    title: str,
    samples: Sequence[tuple[str, np.ndarray]],
    legend: Sequence[tuple[str, Sequence[int]]],
) -> None:
    """Writes a contact sheet.

    Args:
        path: The PNG or JPEG file.
        title: Its headline.
        samples: A caption and its `thumbnails`, each.
        legend: Name and RGB colour of every class shown.

    Raises:
        ValueError: If the file cannot be written; the message names it.
    """
    columns = max(1, min(_COLUMNS, len(samples)))
    width = max(columns * (2 * CELL[0] + 2 + _GAP) + _GAP, 520)
    step = CELL[1] + _CAPTION + _GAP
    top = 3 * _GAP
    legend_top = top + -(-len(samples) // columns) * step + _GAP // 2
    places, bottom = _legend_places(legend, width, legend_top)
    sheet = Image.new("RGB", (width, bottom + _GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, _GAP), title, INK, font(18), anchor="lt")
    for index, (caption, pair) in enumerate(samples):
        x, y = _GAP + index % columns * (pair.shape[1] + _GAP), top + index // columns * step
        sheet.paste(Image.fromarray(pair), (x, y))
        draw.text((x + pair.shape[1] // 2, y + CELL[1] + 4), _shortened(caption), INK, font(_TEXT), anchor="mt")
    for (name, color), place in zip(legend, places):
        draw_class(draw, place, side=_SWATCH, color=color, name=name, gap=_SWATCH_GAP, text_size=_TEXT)
    try:
        write_image(path, np.asarray(sheet))
    except (OSError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be written as an image ({error}). Give a PNG file in a folder of yours."
        ) from error


def _legend_places(
    legend: Sequence[tuple[str, Sequence[int]]], width: int, top: int
) -> tuple[list[tuple[int, int]], int]:
    """Left upper corners of the legend's entries, line after line, and where the last line ends."""
    places, x, y = [], _GAP, top
    for name, _ in legend:
        extent = _SWATCH + _SWATCH_GAP + round(font(_TEXT).getlength(name)) + 2 * _GAP
        if x > _GAP and x + extent > width:
            x, y = _GAP, y + _SWATCH + 8
        places.append((x, y))
        x += extent
    return places, y + _SWATCH


def _shortened(caption: str, length: int = 64) -> str:
    return caption if len(caption) <= length else "..." + caption[3 - length :]
