"""Many image files in, label PNGs and overlays or labelme's files out."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from deeplab_tf.datasets import cityscapes_eval_ids
from deeplab_tf.datasets.builders.labelme_writing import SMALLEST, TOLERANCE, check_polygons
from deeplab_tf.files import check_writable
from deeplab_tf.files.disk import DiskFull
from deeplab_tf.files.scratch import no_empty_folders
from deeplab_tf.images import IMAGE_SUFFIXES, read_image, write_image, write_label_png
from deeplab_tf.inference.overlapped import overlapped
from deeplab_tf.inference.segmentation import OUTPUT_ENDINGS, Segmentation
from deeplab_tf.inference.segmenter import Segmenter
from deeplab_tf.labels import KNOWN
from deeplab_tf.progress import track

# As the devkit of PASCAL VOC 2012 names it; the server wants an archive of the folder `results`.
VOC_RESULTS = Path("results", "VOC2012", "Segmentation", "comp6_test_cls")
logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class SegmentedFiles:
    """What `segment_files` did.

    Args:
        written: By input path, its output files.
        bad: By input path, why it was left out.
        seconds: Time taken in seconds, reading and writing included.
        kept: The labelme files that were there already.

    Example:
        >>> SegmentedFiles({Path("cat.jpg"): (Path("out/cat_labels.png"),)}, {}, seconds=0.5).images_per_second
        2.0
    """

    written: dict[Path, tuple[Path, ...]]
    bad: dict[Path, str]
    seconds: float
    kept: tuple[Path, ...] = ()

    @property
    def images_per_second(self) -> float:
        """Images written per second."""
        return len(self.written) / self.seconds if self.seconds else 0.0


def segment_files(
    segmenter: Segmenter,
    paths: Iterable[str | os.PathLike] | str | os.PathLike,
    output: str | os.PathLike | None = None,
    skip_bad: bool = False,
    cityscapes_ids: bool = False,
    legend: bool = False,
    *,
    voc_results: bool = False,
    labelme: str | os.PathLike | None = None,
    tolerance: float = TOLERANCE,
    smallest: float = SMALLEST,
    overwrite: bool = False,
) -> SegmentedFiles:
    """Segments image files and writes a label PNG and an overlay for each, or a file for labelme, or all of them.

    Args:
        segmenter: What predicts.
        paths: Image files, and folders, whose images are taken; not those of folders within them, which is logged.
        output: The folder for label PNGs and overlays; it is made. Inputs with the same stem get numbered names: `a`,
            `a_2`, ...
        skip_bad: Go on after a file that cannot be read; otherwise the first one ends the work, and what is
            already written stays.
        cityscapes_ids: Write one grey PNG per image instead, `<stem>.png` of the label ids that Cityscapes' evaluation
            server expects; it finds its images by the start of the names.
        legend: Add the classes that occur to each overlay, which becomes larger than its image.
        voc_results: Write one palette PNG of class ids per image instead, in the folders below `output` that PASCAL
            VOC's evaluation server expects: `results/VOC2012/Segmentation/comp6_test_cls/<stem>.png`.
        labelme: The folder for labelme's JSON files, best that of the images, where labelme finds them. One that is
            there already may hold a person's work and is kept; its image is then segmented only for `output`.
        tolerance: How far, in pixels, the polygons in them may be from the boundaries of the labels.
        smallest: Regions of fewer pixels become part of what is around them, in these files.
        overwrite: Replace labelme's files that are there.

    Returns:
        What was written and what was left out.

    Raises:
        FileNotFoundError: If a path is missing.
        ValueError: If there is no image, one cannot be read (the message names it), the folder cannot be
            written, an output would replace an input, `cityscapes_ids` or `voc_results` are asked for with other
            classes, or neither `output` nor `labelme` is given.

    Example:
        >>> done = segment_files(Segmenter("model.keras"), ["cat.jpg", "street.jpg"], "out", skip_bad=True)
        >>> len(done.written), done.bad
        (2, {})
    """
    if cityscapes_ids and voc_results:
        raise ValueError("Received cityscapes_ids and voc_results; each server has its own classes. Give one of them.")
    servers = (cityscapes_ids, "Cityscapes'", "cityscapes"), (voc_results, "PASCAL VOC's", "pascal_voc")
    for wanted, title, name in servers:
        if wanted and segmenter.labels.classes != KNOWN[name].classes:
            raise ValueError(
                f"{title} server takes {KNOWN[name].classes} classes; {segmenter.predictor.source} has "
                f"{segmenter.labels.classes} ({segmenter.labels.name}). Give a model of {name}."
            )
    check_polygons(tolerance, smallest)
    if output is None and labelme is None:
        raise ValueError("Received no folder to write to. Give output, for PNGs, or labelme, for labelme's files.")
    sources = find_images(paths)
    stems = dict(zip(sources, unique_stems(sources)))
    pictures = None if output is None else Path(output, VOC_RESULTS if voc_results else "")
    # Nothing may come of the first image.
    with no_empty_folders(pictures, labelme):
        saves, kept = [], ()
        if output is not None:
            saves.append(_pictures(stems, check_writable(output), cityscapes_ids, legend, voc_results))
        if labelme is not None:
            files = {source: check_writable(labelme) / f"{stem}.json" for source, stem in stems.items()}
            new = {source: path for source, path in files.items() if overwrite or not path.exists()}
            kept = tuple(path for source, path in files.items() if source not in new)
            saves.append(_labelme_files(new, tolerance=tolerance, smallest=smallest))
        asked = {source: [save[source] for save in saves if source in save] for source in sources}
        asked = {source: saves for source, saves in asked.items() if saves}
        written, bad = {}, {}
        start = time.perf_counter()

        def write(path: Path, result: Segmentation) -> tuple[Path, ...]:
            return tuple(itertools.chain.from_iterable(save(result) for save in asked[path]))

        with contextlib.closing(overlapped(asked, read_image, segmenter, write)) as outcomes:
            for path, outcome in track(outcomes, len(asked), "segment"):
                if not isinstance(outcome, Exception):
                    written[path] = outcome
                # A full disk is not the image's fault, and the next one would fail as well.
                elif isinstance(outcome, ValueError) and not isinstance(outcome, DiskFull) and skip_bad:
                    bad[path] = str(outcome)
                else:
                    raise of_bad_image(outcome)
    return SegmentedFiles(written, bad, time.perf_counter() - start, kept)


def of_bad_image(error: Exception) -> Exception:
    """The error that ends work at one image of many, and says how to go on without it."""
    if not isinstance(error, ValueError) or isinstance(error, DiskFull):
        return error
    told = ValueError(f"{error} Or go on without it: --skip-bad (skip_bad=True).")
    told.__cause__ = error
    return told


Saves = dict[Path, Callable[[Segmentation], tuple[Path, ...]]]


def _pictures(stems: dict[Path, str], output: Path, cityscapes_ids: bool, legend: bool, voc_results: bool) -> Saves:
    """What writes the PNGs of each image."""
    if cityscapes_ids:
        save, endings = _save_cityscapes_ids, (".png",)
    elif voc_results:
        save, endings, output = _save_voc_result, (".png",), check_writable(output / VOC_RESULTS)
    else:
        save, endings = functools.partial(Segmentation.save, legend=legend), OUTPUT_ENDINGS
    _check_kept(list(stems), [output / f"{stem}{ending}" for stem in stems.values() for ending in endings])
    return {source: functools.partial(save, folder=output, stem=stem) for source, stem in stems.items()}


def _labelme_files(files: dict[Path, Path], **options) -> Saves:
    """What writes the labelme file of each image."""

    def save(segmentation: Segmentation, source: Path) -> tuple[Path, ...]:
        return (segmentation.save_labelme(files[source], source, **options),)

    return {source: functools.partial(save, source=source) for source in files}


def _check_kept(sources: list[Path], outputs: list[Path]) -> None:
    kept = {source.resolve() for source in sources}
    for output in outputs:
        if output.resolve() in kept:
            raise ValueError(f"{output} is one of the images and would be replaced. Give another output folder.")


def _save_cityscapes_ids(segmentation: Segmentation, folder: Path, stem: str) -> tuple[Path, ...]:
    path = folder / f"{stem}.png"
    write_image(path, cityscapes_eval_ids(segmentation.labels))
    return (path,)


def _save_voc_result(segmentation: Segmentation, folder: Path, stem: str) -> tuple[Path, ...]:
    path = folder / f"{stem}.png"
    write_label_png(path, segmentation.labels, KNOWN["pascal_voc"].palette)
    return (path,)


def find_images(paths: Iterable[str | os.PathLike] | str | os.PathLike) -> list[Path]:
    """The given files, each once, and the images of the given folders in the order of their names.

    What `segment_files` wrote beside the images of a folder is not an image of it.

    Raises:
        FileNotFoundError: If a path is missing; the message names it.
        ValueError: If a folder holds no image, or there are no paths at all.
    """
    found: dict[Path, None] = {}
    paths = [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}. Give image files, or folders of them.")
        inside = [path]
        if path.is_dir():
            every = sorted(file for file in path.iterdir() if _is_image(file))
            inside = _without_outputs(every)
            if len(inside) < len(every):
                logger.info("%s: %d label images and overlays left out", path, len(every) - len(inside))
            folders = _folders_of_images(path, paths)
            if folders and inside:
                logger.info("%s: the images of folders within it are left out; give %s as well", path, folders)
            if not inside:
                remedy = f"give {folders}" if folders else f"known are {', '.join(sorted(IMAGE_SUFFIXES))}"
                raise ValueError(f"{path} holds no image; {remedy}.")
        found.update(dict.fromkeys(inside))
    if not found:
        raise ValueError("Received no image to segment. Give image files, or folders of them.")
    return list(found)


def _folders_of_images(path: Path, given: list[Path]) -> str:
    others = (folder for folder in sorted(path.iterdir()) if folder.is_dir() and folder not in given)
    return ", ".join(
        str(folder)
        for folder in others
        if not folder.name.startswith(".")
        and os.access(folder, os.R_OK)
        and any(_is_image(file) and not file.name.endswith(OUTPUT_ENDINGS) for file in folder.iterdir())
    )


def _without_outputs(files: list[Path]) -> list[Path]:
    stems = {file.stem for file in files}

    def is_output(file: Path) -> bool:
        ending = next((ending for ending in OUTPUT_ENDINGS if file.name.endswith(ending)), None)
        # Of several inputs with the same stem, all except the first have numbers.
        stem = file.name.removesuffix(ending or "")
        return ending is not None and bool({stem, re.sub(r"_\d+$", "", stem)} & (stems - {file.stem}))

    return [file for file in files if not is_output(file)]


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")


def unique_stems(paths: list[Path]) -> list[str]:
    """One file-name stem per path, all different even where the file system ignores case.

    Example:
        >>> unique_stems([Path("a/x.jpg"), Path("b/x.jpg"), Path("b/x_2.jpg")])
        ['x', 'x_3', 'x_2']
    """
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(path.stem.casefold(), path)
    taken = set(first)
    stems = []
    for path in paths:
        stem, number = path.stem, 2
        if first[path.stem.casefold()] is not path:
            while f"{path.stem}_{number}".casefold() in taken:
                number += 1
            stem = f"{path.stem}_{number}"
            taken.add(stem.casefold())
        stems.append(stem)
    return stems
