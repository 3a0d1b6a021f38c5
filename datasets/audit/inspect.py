"""What is in a data set and what is wrong with its labels, before or after conversion; with pictures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.datasets.audit.contact_sheet import write_contact_sheet
from deeplab_tf.datasets.audit.findings import Finding
from deeplab_tf.datasets.audit.inspection import Inspection
from deeplab_tf.datasets.audit.page import Pictures, write_page
from deeplab_tf.datasets.audit.raw_source import find_source, warn_of_unused
from deeplab_tf.datasets.audit.sample import Sample, pair_sample, record_sample
from deeplab_tf.datasets.audit.tally import Tally
from deeplab_tf.datasets.builders.class_names import Labels, named_labels
from deeplab_tf.datasets.pipeline.batches import evaluation_images
from deeplab_tf.datasets.records.damage import explained_data
from deeplab_tf.datasets.records.dataset import DataSet, open_dataset
from deeplab_tf.datasets.records.pairs import Pair, mark_repeated
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count
from deeplab_tf.files import check_output_file
from deeplab_tf.images import check_image_path
from deeplab_tf.labels import IGNORE_COLOR, LabelSpec
from deeplab_tf.progress import counted, track

SAMPLES = 12


def inspect_dataset(
    path: str | os.PathLike,
    split: str | Sequence[str] | None = None,
    labels: Labels = None,
    contact_sheet: str | os.PathLike | None = None,
    *,
    masks: str | os.PathLike | None = None,
    mask_suffix: str | None = None,
    ids: Sequence[int] = (),
    page: str | os.PathLike | None = None,
    workers: int | None = None,
) -> Inspection:
    """Reads a data set through and says what is in it and what is wrong with its labels.

    Args:
        path: A folder of TFRecords, see `open_dataset`; or, before conversion, PASCAL VOC's devkit or a data set laid
            out like it; or a folder that holds `images` and `masks`; or, with `masks`, a folder of images; or a folder
            of labelme's JSON files; or a COCO export or its JSON file, see `convert_coco_export`.
        split: The split or splits to read; all when left out. Of a devkit: lists in `ImageSets/Segmentation`; `train`
            and `val` when left out.
        labels: The label specification, or what `label_spec` takes for one, or a `.txt` file of class names. A data set
            that says its own needs none; for a folder of images and masks without a `class_names.txt` the number of
            classes is that of the masks' values.
        contact_sheet: A PNG file to write, of up to 12 images evenly drawn from the data set, with their masks.
        masks: The folder of masks where `path` is one of images.
        mask_suffix: What masks have behind their image's name; as for `convert_folder`.
        ids: The masks' value of each class; as for `convert_folder`.
        page: An HTML file to write, with tables and pictures of the offenders, all in the one file.
        workers: Threads that read; one per core when left out.

    Returns:
        The findings. An error is what conversion refuses and `skip_bad` leaves out; a warning is kept.

    Raises:
        FileNotFoundError: If `labels` is a file that is not there.
        ValueError: If the folder or the split is missing, a TFRecord is damaged, or a file cannot be written.

    Example:
        >>> found = inspect_dataset("VOCdevkit/VOC2012", page="audit.html")
        >>> print(found.table())
        >>> [finding.file for finding in found.findings if finding.severity == "error"]
        ['VOCdevkit/VOC2012/JPEGImages/2007_000032.jpg']
    """
    path, labels = Path(path), named_labels(labels)
    splits = [split] if isinstance(split, str) else split
    options = {"contact_sheet": contact_sheet, "page": page, "workers": workers}
    with contextlib.ExitStack() as stack:
        source = find_source(path, splits, labels, masks, mask_suffix, ids, stack=stack)
        warn_of_unused(path, source, mask_suffix, ids)
        if source is not None:
            return inspect_pairs(source.pairs, source.labels, path, findings=source.findings, **options)
    dataset = open_dataset(path, labels)
    splits = sorted(dataset.splits) if splits is None else list(splits)
    total = sum(dataset.count(name) for name in splits)
    if not total:
        raise ValueError(f"{dataset.path} has no images in {splits}. Convert a data set into it first.")

    def sample(example: tuple[str, dict]) -> Sample:
        name, fields = example
        filename = fields["filename"].decode(errors="replace")
        return record_sample(name, filename, fields["image"], fields.get("label"), dataset.labels)

    return _audit(_examples(dataset, splits), sample, total, dataset.labels, path, **options)


def inspect_pairs(
    pairs: Mapping[str, Sequence[Pair]],
    labels: LabelSpec,
    path: str | os.PathLike,
    *,
    findings: Iterable[Finding] = (),
    contact_sheet: str | os.PathLike | None = None,
    page: str | os.PathLike | None = None,
    workers: int | None = None,
) -> Inspection:
    """Reads pairs of image and mask file through, as conversion would, and says what is wrong with them.

    Args:
        pairs: The pairs of every split.
        labels: What the label ids mean.
        path: What the data set is called: the folder that holds the files.
        findings: What is known already, of the lists for instance.
        contact_sheet: As for `inspect_dataset`.
        page: As for `inspect_dataset`.
        workers: As for `inspect_dataset`.

    Returns:
        The findings.

    Raises:
        ValueError: If there are no pairs, or a file cannot be written.

    Example:
        >>> pairs = [Pair("000", Path("images/000.png"), Path("masks/000.png"))]
        >>> inspect_pairs({"train": pairs}, label_spec(3), ".").images
        1
    """
    marked = [(split, pair) for split, members in pairs.items() for pair in mark_repeated(members)]
    if not marked:
        raise ValueError(f"{path} has no images in {sorted(pairs)}. Check the folder or list given.")

    def sample(member: tuple[str, Pair]) -> Sample:
        return pair_sample(*member, labels)

    return _audit(
        marked,
        sample,
        len(marked),
        labels,
        Path(path),
        findings,
        contact_sheet=contact_sheet,
        page=page,
        workers=workers,
    )


def _audit(
    items: Iterable,
    sample: Callable[..., Sample],
    total: int,
    labels: LabelSpec,
    path: Path,
    findings: Iterable[Finding] = (),
    *,
    contact_sheet: str | os.PathLike | None,
    page: str | os.PathLike | None,
    workers: int | None,
) -> Inspection:
    workers = worker_count(workers)
    for output in (contact_sheet, page):
        if output is not None:
            check_output_file(output, [path])
    if contact_sheet is not None:
        check_image_path(contact_sheet)
    shown = set(np.linspace(0, total - 1, min(SAMPLES, total)).round().astype(int).tolist())
    tally, pictures = Tally(labels), Pictures(labels)
    with contextlib.closing(ordered_map(sample, items, workers)) as samples:
        for index, one in enumerate(track(samples, total, "inspect")):
            found = tally.add(one)
            if contact_sheet is not None or page is not None:
                pictures.add(one, found, index in shown)
    inspection = _inspection(tally, path, [*findings, *tally.findings, *tally.of_whole_set()])
    if contact_sheet is not None:
        title = f"{path.resolve().name}: {counted(total, 'image')}, {labels.classes} classes"
        write_contact_sheet(contact_sheet, title, pictures.samples, _legend(inspection))
    if page is not None:
        write_page(page, inspection, pictures)
    return inspection


def _inspection(tally: Tally, path: Path, findings: Sequence[Finding]) -> Inspection:
    pixels = tally.all_pixels
    return Inspection(
        path=path,
        labels=tally.labels,
        splits=dict(tally.images),
        sizes=dict(tally.sizes.most_common()),
        class_pixels=tally.by_class(pixels),
        class_images=tally.by_class(tally.class_images),
        ignore_pixels=int(pixels[tally.labels.ignore_label]),
        pixels=int(pixels.sum()),
        findings=tuple(findings),
        class_weights=tally.class_weights(),
    )


def _legend(inspection: Inspection) -> list[tuple[str, tuple[int, ...]]]:
    labels = inspection.labels
    used = zip(labels.names, labels.colors, inspection.class_images)
    legend = [(name, color) for name, color, images in used if images]
    return [*legend, ("ignored", IGNORE_COLOR)] if inspection.ignore_pixels else legend


def _examples(dataset: DataSet, splits: Sequence[str]) -> Iterator[tuple[str, dict]]:
    """The examples of the splits as NumPy values; a file that cannot be read is named."""
    for split in splits:
        with explained_data(dataset, split):
            for example in evaluation_images(dataset, split).as_numpy_iterator():
                yield split, example
