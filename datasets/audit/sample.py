"""One image and its mask under audit: what can be said of them without the rest of the data set."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from deeplab_tf.datasets.audit.faults import BadPair, wrong_values
from deeplab_tf.datasets.audit.findings import ERROR, Finding
from deeplab_tf.datasets.audit.image_notes import Note, notes_of_image
from deeplab_tf.datasets.records.pairs import Pair, check_pair
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import LabelSpec

_BINARY_SHARE = 0.2


@dataclasses.dataclass(frozen=True)
class Sample:
    """An image and its mask as far as they could be read.

    Args:
        split: Its split.
        name: Its name in the split.
        image: uint8 `[H, W, 3]`, or None.
        mask: uint8 `[H, W]`, or None. It may differ from the image in size where a finding says so.
        counts: Pixels of the mask by value, int64 `[labels.mask_values]`, or None without one.
        digest: The same for equal pixels of the image; empty without one.
        findings: What is wrong with it alone.
        image_file: Its file, empty in TFRecords.
        mask_file: That of the mask.
    """

    split: str
    name: str
    image: np.ndarray | None
    mask: np.ndarray | None
    counts: np.ndarray | None
    digest: bytes
    findings: tuple[Finding, ...]
    image_file: str = ""
    mask_file: str = ""

    @property
    def counted(self) -> bool:
        """Whether its pixels count: those of a TFRecord do, those of a pair only if conversion would take it."""
        return not self.image_file or all(finding.severity != ERROR for finding in self.findings)


def pair_sample(split: str, pair: Pair, labels: LabelSpec) -> Sample:
    """Reads a pair of files and examines it.

    Args:
        split: Its split.
        pair: The files.
        labels: Which label ids are allowed.
    """
    checked = check_pair(pair, labels)
    files = str(pair.image), str(pair.mask)
    refused = checked.stored.refused if checked.stored else ""
    return _sample(split, pair.name, checked.image, checked.mask, checked.faults, labels, files, refused)


def record_sample(split: str, name: str, image: np.ndarray, mask: np.ndarray | None, labels: LabelSpec) -> Sample:
    """Examines what a TFRecord holds: an image, uint8 `[H, W, 3]`, and its mask, uint8 `[H, W]`, or None."""
    fault = None
    if mask is not None:
        fault = wrong_values(mask, np.bincount(mask.ravel(), minlength=labels.mask_values) > 0, labels, name)
    return _sample(split, name, image, mask, (fault,) if fault else (), labels, ("", ""))


def _sample(
    split: str,
    name: str,
    image: np.ndarray | None,
    mask: np.ndarray | None,
    faults: tuple[BadPair, ...],
    labels: LabelSpec,
    files: tuple[str, str],
    refused: str = "",
) -> Sample:
    in_files = bool(files[0])
    findings = [
        Finding(fault.kind, str(fault), split, name, str(fault.file) if in_files else "", fault.values)
        for fault in faults
    ]
    counts = None
    if mask is not None:
        # What lies beyond is a fault already, and has no place among the counts.
        counts = np.bincount(mask.ravel(), minlength=labels.mask_values)[: labels.mask_values]
    of_image = [] if image is None else notes_of_image(image, files[0], refused)
    of_mask = [] if counts is None or faults else _notes_of_mask(counts, labels)
    for file, notes in zip(files, (of_image, of_mask)):
        findings += [Finding(kind, f"{shown(file or name)} {text}", split, name, file) for kind, text in notes]
    return Sample(split, name, image, mask, counts, _digest(image), tuple(findings), *files)


def _notes_of_mask(counts: np.ndarray, labels: LabelSpec) -> list[Note]:
    ignore = labels.ignore_label
    pixels = counts.sum()
    present = np.flatnonzero(counts[: labels.classes])
    present = present[present != ignore]
    if not present.size:
        text = f"holds only {ignore}, which is ignored: nothing can be learnt from it. Label it or leave it out."
        return [("all_ignored", text)]
    if ignore == 255 and present.tolist() == [0] and counts[ignore] >= _BINARY_SHARE * pixels:
        text = (
            f"holds only 0 and 255, and 255 is ignored ({counts[ignore] / pixels:.0%} of the pixels). If 255 means the "
            "object, make it 1."
        )
        return [("binary_mask", text)]
    if present.size == 1:
        name = labels.names[present[0]]
        return [("one_class", f"holds only class {present[0]} ({name}). Is that so, or was it left unlabelled?")]
    return []


def _digest(image: np.ndarray | None) -> bytes:
    if image is None:
        return b""
    return hashlib.blake2b(image.tobytes(), digest_size=16, salt=f"{image.shape[0]}x{image.shape[1]}".encode()).digest()
