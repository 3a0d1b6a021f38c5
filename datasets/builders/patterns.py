"""Outlines and surface patterns on a pixel grid, as plain functions of coordinates."""

from __future__ import annotations

import numpy as np
from PIL import Image


def circle(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """Signed distance of the points to a circle, negative inside; float, shape of `x`."""
    return np.hypot(x, y) - radius


def ring(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """Signed distance of the points to a ring of that outer radius, negative inside; float, shape of `x`."""
    width = 0.42 * radius
    return np.abs(np.hypot(x, y) - (radius - width / 2)) - width / 2


def star(x: np.ndarray, y: np.ndarray, radius: float, points: int, waist: float) -> np.ndarray:
    """Signed distance of the points to the edge lines of a star, negative inside; float, shape of `x`.

    Args:
        x: Abscissae, centre at 0.
        y: Ordinates, centre at 0.
        radius: Distance of the tips from the centre.
        points: Number of tips.
        waist: Distance of the inner corners from the centre, as a share of `radius`; cos(pi / points) makes the star a
            regular polygon.
    """
    sector = np.pi / points
    # All half edges are mirror images of the one from the tip on the x axis to the next inner corner.
    angle = np.abs((np.arctan2(y, x) + sector) % (2 * sector) - sector)
    reach = np.hypot(x, y)
    edge = radius * np.array([waist * np.cos(sector) - 1, waist * np.sin(sector)])
    normal = np.array([edge[1], -edge[0]]) / np.hypot(*edge)
    return (reach * np.cos(angle) - radius) * normal[0] + reach * np.sin(angle) * normal[1]


def smooth_noise(rng: np.random.Generator, height: int, width: int, cell: float) -> np.ndarray:
    """Random hills about `cell` pixels wide, float32 `[height, width]`, roughly in -1 to 1."""
    grid = rng.uniform(-1, 1, (int(height / cell) + 2, int(width / cell) + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))


def sharpen(wave: np.ndarray, steepness: float = 3.0) -> np.ndarray:
    """A wave around 0 as two tones, 0 to 1, with soft edges between them."""
    return 1 / (1 + np.exp(-steepness * 2 * wave))
