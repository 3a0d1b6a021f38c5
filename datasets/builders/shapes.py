"""A small made-up data set: patterned shapes on mottled ground, for demonstrations and tests."""

from __future__ import annotations

import colorsys
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deeplab_tf.checks import expect, is_whole, whole
from deeplab_tf.datasets.builders.folder import convert_folder
from deeplab_tf.datasets.builders.patterns import circle, ring, sharpen, smooth_noise, star
from deeplab_tf.datasets.convert import ConversionReport
from deeplab_tf.files import replacing
from deeplab_tf.files.disk import DiskFull
from deeplab_tf.files.scratch import scratch_folder
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

LABELS = LabelSpec(("background", "disc", "square", "triangle", "star", "ring"), name="shapes")

_OUTLINES: tuple[Callable[[np.ndarray, np.ndarray, float], np.ndarray], ...] = (
    circle,
    lambda x, y, radius: star(x, y, radius, 4, np.cos(np.pi / 4)),
    lambda x, y, radius: star(x, y, 1.15 * radius, 3, np.cos(np.pi / 3)),
    lambda x, y, radius: star(x, y, 1.1 * radius, 5, 0.48),
    ring,
)
# One pattern for each outline, of coordinates of which a wave is 2 pi long.
_PATTERNS: tuple[Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray], ...] = (
    lambda rng, u, v: np.cos(u) + np.cos(v) - 0.6,
    lambda rng, u, v: np.cos(u) * np.cos(v) * 1.6,
    lambda rng, u, v: np.cos(u),
    lambda rng, u, v: 1.6 * smooth_noise(rng, u.shape[0], u.shape[1], _MOTTLE),
    lambda rng, u, v: np.cos(np.hypot(u, v)),
)
_SHAPES_AN_IMAGE = (2, 5)
_TRIES = 6
_VOID = 1.5
_SHADOW = 6.0
_GRAIN = 4.0
_MOTTLE = 4.5
# Neighbouring classes are 0.2 of the hue circle apart, so colour helps.
_HUE_SPREAD = 0.04


def draw_shapes(folder: str | os.PathLike, count: int, *, size: tuple[int, int] = (160, 240), seed: int = 0) -> Path:
    """Draws images of shapes with their masks, ready for `convert_folder`.

    The classes are background, disc, square, triangle, star and ring. Outline and pattern tell the class, and vivid
    colours that lean to one hue a class help a small network to learn it in minutes. A narrow border around every
    shape is void (255), as in PASCAL VOC.

    Args:
        folder: Where to write `images/*.jpg`, `masks/*.png` (palette) and `class_names.txt`. It must not exist yet or
            be empty.
        count: Number of images.
        size: Smallest and largest height and width in pixels, drawn for each image.
        seed: The same seed draws the same images; image i does not depend on `count`.

    Returns:
        The folder.

    Raises:
        ValueError: If `count` or `size` make no sense, or the folder has files or cannot be written.

    Example:
        >>> folder = draw_shapes("shapes", 20)
        >>> convert_folder(
        ...     folder / "images", folder / "masks", "shapes-tfrecords", class_names=folder / "class_names.txt"
        ... )
    """
    folder = Path(folder)
    count = whole("count", count, remedy="200 images suffice for a demonstration.")
    valid = len(size) == 2 and is_whole(size[0], 32) and is_whole(size[1], size[0])
    expect(valid, "size", size, "a smallest and a largest side from 32 up", "Try (160, 240).")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists and is not an empty folder. Choose another or remove it.")
    try:
        with replacing(folder) as temporary:
            for index in track(range(count), count, "draw shapes"):
                image, mask = draw_image(np.random.default_rng([seed, index]), size)
                write_image(temporary / "images" / f"{index:05d}.jpg", image, quality=92)
                write_label_png(temporary / "masks" / f"{index:05d}.png", mask, LABELS.palette)
            lines = [f"{name} {r} {g} {b}" for name, (r, g, b) in zip(LABELS.names, LABELS.colors)]
            (temporary / "class_names.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except DiskFull:
        raise
    except OSError as error:
        raise ValueError(f"{folder} cannot be written ({error.strerror}). Choose another folder.") from error
    return folder


def convert_shapes(
    output: str | os.PathLike,
    *,
    images: int = 200,
    val_share: float = 0.2,
    size: tuple[int, int] = (160, 240),
    seed: int = 0,
    shards: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
) -> ConversionReport:
    """Draws images of shapes and converts them, into the splits `train` and `val`.

    Args:
        output: The data set's folder.
        images: Number of images, of both splits together.
        val_share: Share of the images that are `val`, as for `convert_folder`.
        size: Smallest and largest side, as for `draw_shapes`.
        seed: Draws the images and chooses those of `val`.
        shards: Number of files a split; one for every 256 images when left out.
        workers: Workers that read and verify; one per core when left out.
        overwrite: Replace splits that are there already.

    Returns:
        What was written.

    Raises:
        ValueError: If an argument makes no sense or the output cannot be written.

    Example:
        >>> convert_shapes("shapes-tfrecords", images=20).images
        {'train': 16, 'val': 4}
    """
    with scratch_folder() as temporary:
        folder = draw_shapes(temporary / "shapes", images, size=size, seed=seed)
        return convert_folder(
            folder / "images",
            folder / "masks",
            output,
            labels=LABELS,
            val_share=val_share,
            seed=seed,
            shards=shards,
            workers=workers,
            overwrite=overwrite,
        )


def draw_image(rng: np.random.Generator, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """One image of shapes, uint8 `[H, W, 3]`, and its label ids, uint8 `[H, W]`, drawn by `rng`."""
    height, width = rng.integers(size[0], size[1], 2, endpoint=True)
    canvas = _ground(rng, height, width)
    mask = np.zeros((height, width), np.uint8)
    centers = np.empty((0, 2))
    for _ in range(rng.integers(*_SHAPES_AN_IMAGE, endpoint=True)):
        radius = rng.uniform(0.14, 0.26) * min(height, width)
        center = _free_place(rng, centers, np.array([height, width]), radius)
        centers = np.vstack([centers, center])
        _add_shape(rng, canvas, mask, center, radius)
    canvas += rng.normal(0, _GRAIN, canvas.shape)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8), mask


def _ground(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    noises = (smooth_noise(rng, height, width, cell) * cell / 64 for cell in (64, 32, 16, 4))
    waves = sum(noises, start=np.zeros((height, width)))
    return _blend(sharpen(waves, 1.0), *_ground_colors(rng))


def _free_place(rng: np.random.Generator, taken: np.ndarray, extent: np.ndarray, radius: float) -> np.ndarray:
    """A random centre, row and column, away from those taken, float `[n, 2]`."""
    candidates = rng.uniform(0.6 * radius, extent - 0.6 * radius, (_TRIES, 2))
    gaps = np.linalg.norm(candidates[:, None] - taken[None], axis=-1).min(axis=1, initial=np.inf)
    return candidates[gaps.argmax()]


def _add_shape(
    rng: np.random.Generator, canvas: np.ndarray, mask: np.ndarray, center: np.ndarray, radius: float
) -> None:
    """Paints a random shape into `canvas`, float `[H, W, 3]`, and `mask`, both in place."""
    height, width = mask.shape
    kind = int(rng.integers(len(_OUTLINES)))
    turn = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:height, :width]

    def outline(shift: float) -> np.ndarray:
        return _OUTLINES[kind](*_turned(columns - center[1] - shift, rows - center[0] - shift, turn), radius)

    distance = outline(0.0)
    shade = 0.45 / (1 + np.exp(outline(3.0) / _SHADOW * 3))
    canvas *= 1 - np.where(distance > 0, shade, 0)[..., None]
    wave_length = rng.uniform(9, 13)
    u, v = _turned(columns - center[1], rows - center[0], rng.uniform(0, 2 * np.pi))
    wave = _PATTERNS[kind](rng, u * 2 * np.pi / wave_length, v * 2 * np.pi / wave_length)
    surface = _blend(sharpen(wave), *_shape_colors(rng, kind)) * (1 + 0.15 * (u / radius))[..., None]
    cover = np.clip(0.5 - distance, 0, 1)[..., None]
    canvas += cover * (surface - canvas)
    mask[distance < _VOID] = LABELS.ignore_label
    mask[distance < -_VOID] = kind + 1


def _turned(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x


def _ground_colors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two pale or greyish colours of any hue and of about one brightness."""
    brightness = rng.uniform(0.25, 0.9)
    one, other = (_rgb(rng.uniform(), rng.uniform(0, 0.35), brightness + rng.normal(0, 0.05)) for _ in range(2))
    return one, other


def _shape_colors(rng: np.random.Generator, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """A dark and a light vivid colour, whose hues lean to that of the class."""
    hues = kind / len(_OUTLINES) + rng.normal(0, _HUE_SPREAD) + rng.normal(0, _HUE_SPREAD / 2, 2)
    return (
        _rgb(hues[0], rng.uniform(0.6, 0.95), rng.uniform(0.2, 0.5)),
        _rgb(hues[1], rng.uniform(0.45, 0.85), rng.uniform(0.75, 1.0)),
    )


def _rgb(hue: float, saturation: float, brightness: float) -> np.ndarray:
    return 255 * np.array(colorsys.hsv_to_rgb(hue % 1, saturation, min(max(brightness, 0), 1)))


def _blend(tone: np.ndarray, dark: np.ndarray, light: np.ndarray) -> np.ndarray:
    return dark + tone[..., None] * (light - dark)
