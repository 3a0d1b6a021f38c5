"""Photographs that a network of the user's choice segments, at the head of the page."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from deeplab_tf.inference import Segmentation, Segmenter
from deeplab_tf.inference.segmented_files import find_images, unique_stems
from deeplab_tf.progress import track

# The photograph of the documentation, which is not part of the installed package: its licence is not the package's.
OWN = Path("docs", "photographs", "bird.jpg")
CREDIT = "Photograph: google-coral/test_data, CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)"


def photographs_of(given: Iterable[str | os.PathLike]) -> list[Path]:
    """The photographs to segment: those given, else that of the documentation, if this is a clone of the repository.

    Args:
        given: Image files, and folders of them.

    Raises:
        FileNotFoundError: If a path is missing.
        ValueError: If none is given, and there is no clone here.
    """
    given = list(given)
    if given:
        return find_images(given)
    # Of an installed package the clone is where the command is run.
    clones = (root for root in (Path(__file__).parents[2], Path.cwd()) if (root / "deeplab_tf").is_dir())
    own = next((root / OWN for root in clones if (root / OWN).is_file()), None)
    if own is None:
        raise ValueError(
            f"Received weights and no photograph to segment; {OWN} is part of a clone of the repository alone. "
            "Give one: --photo FILE."
        )
    return [own]


def credit_of(photographs: Iterable[Path]) -> str | None:
    """Who made the photograph of the documentation, if it is among these."""
    return CREDIT if any(path.parts[-len(OWN.parts) :] == OWN.parts for path in photographs) else None


def segment_photographs(weights: str | os.PathLike, photographs: Iterable[Path]) -> dict[str, Segmentation]:
    """Segments photographs with a released network, or another of this package.

    Args:
        weights: Whatever `Segmenter` takes: a released file, a name of the release's model zoo, a `.keras` file, a run
            folder, an export.
        photographs: Image files.

    Returns:
        What the network sees in each, by the stem of the files to write.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If a download fails.
        ValueError: If the weights are not of a DeepLab, or an image cannot be read; the message names the file.
    """
    photographs, segmenter = list(photographs), Segmenter(weights)
    named = list(zip(unique_stems(photographs), photographs))
    return {stem: segmenter(path) for stem, path in track(named, len(named), "segment")}
