"""The kinds of things that an audit finds in a data set, and one such finding."""

from __future__ import annotations

import dataclasses

ERROR, WARNING = "error", "warning"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of finding: `error` where conversion refuses the pair, `warning` where it keeps it."""

    severity: str
    title: str


KINDS = {
    "missing_image": Kind(ERROR, "The image is missing"),
    "missing_mask": Kind(ERROR, "The mask is missing"),
    "not_a_file": Kind(ERROR, "A folder, pipe or device stands where the file should be"),
    "empty_file": Kind(ERROR, "The file is empty"),
    "not_an_image": Kind(ERROR, "The file is not an image"),
    "damaged_image": Kind(ERROR, "The image is truncated or damaged"),
    "damaged_mask": Kind(ERROR, "The mask is truncated or damaged"),
    "unreadable_mask": Kind(ERROR, "The labels cannot be read"),
    "no_plugin": Kind(ERROR, "The format needs a plugin that is not installed"),
    "too_large": Kind(ERROR, "The file states a size beyond what is taken for an image"),
    "several_pages": Kind(ERROR, "The file holds several pages or frames"),
    "unclear_band": Kind(ERROR, "The image has a band that is neither a colour nor transparency"),
    "unclear_range": Kind(ERROR, "The image's values have a range that cannot be told"),
    "size_mismatch": Kind(ERROR, "Image and mask differ in size"),
    "rotated_image": Kind(ERROR, "The image has an EXIF rotation that its mask does not follow"),
    "colour_mask": Kind(ERROR, "The mask holds colours instead of ids"),
    "alpha_mask": Kind(ERROR, "The mask has transparency"),
    "wide_mask": Kind(ERROR, "The mask holds values beyond 8 bits"),
    "lossy_mask": Kind(ERROR, "The mask is a JPEG, which changes ids"),
    "blurred_mask": Kind(ERROR, "The mask's edges hold values between the ids"),
    "foreign_palette": Kind(ERROR, "The mask's palette is not that of the data set"),
    "wrong_values": Kind(ERROR, "The mask holds values that are no class"),
    "double_id": Kind(ERROR, "The name is listed twice"),
    "unsafe_id": Kind(ERROR, "The name leads out of its folder"),
    "duplicate_between_splits": Kind(WARNING, "The same image stands in two splits"),
    "duplicate": Kind(WARNING, "The same image stands twice in a split"),
    "binary_mask": Kind(WARNING, "The mask holds only 0 and 255: the object may be what is ignored"),
    "all_ignored": Kind(WARNING, "Every pixel of the mask is ignored"),
    "one_class": Kind(WARNING, "All labelled pixels are of one class"),
    "turned_image": Kind(WARNING, "An EXIF orientation rotates the image, and perhaps not its mask"),
    "tiny_image": Kind(WARNING, "The image is tiny"),
    "dark_image": Kind(WARNING, "The image is almost black"),
    "transparent_image": Kind(WARNING, "The image has transparency, which is laid over white"),
    "extra_bands": Kind(WARNING, "The image has bands that are left out"),
    "stored_anew": Kind(WARNING, "TensorFlow does not decode the file: its pixels are stored as PNG"),
    "unlisted": Kind(WARNING, "No list names this pair"),
    "unlabelled": Kind(WARNING, "The image has no labels"),
    "labels": Kind(WARNING, "What is to be known of the labels as a whole"),
    "blank_line": Kind(WARNING, "The list has a blank line"),
    "sparse_ids": Kind(WARNING, "The masks' values are too far apart to be ids: conversion asks what they mean"),
    "shifted_labels": Kind(WARNING, "The ids seem to be counted from 1"),
    "large_images": Kind(WARNING, "The images are many times larger than training crops"),
    "absent_class": Kind(WARNING, "A class never occurs"),
}


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Args:
        kind: A key of `KINDS`.
        detail: What was found, in a sentence that names the file.
        split: The split, or empty for the whole data set.
        name: The pair's name in its split, or that of the class.
        file: The file, as the audit was led to it; empty where there is none, as in TFRecords.
        values: The values at fault, where it is values.
    """

    kind: str
    detail: str
    split: str = ""
    name: str = ""
    file: str = ""
    values: tuple[int, ...] = ()

    @property
    def severity(self) -> str:
        """`error` or `warning`."""
        return KINDS[self.kind].severity

    @property
    def place(self) -> str:
        """What to call the offender: its file, or its name where it has none."""
        return self.file or "/".join(part for part in (self.split, self.name) if part)

    def to_dict(self) -> dict:
        """The finding as a dictionary that can be written as JSON."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "split": self.split,
            "name": self.name,
            "file": self.file,
            "detail": self.detail,
            "values": list(self.values),
        }
