"""What an audit found in a data set, as values, a dictionary and a table."""

from __future__ import annotations

import collections
import dataclasses
import os
from pathlib import Path

import numpy as np

from deeplab_tf.checks import SHOWN, listing
from deeplab_tf.datasets.audit.findings import ERROR, KINDS, WARNING, Finding
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted

_WORST = 10
_TOLD_IN_FULL = (
    "duplicate", "duplicate_between_splits", "absent_class", "shifted_labels", "sparse_ids", "unreadable_mask",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What `inspect_dataset` found.

    Args:
        path: The data set's folder.
        labels: What the label ids mean.
        splits: Number of images of every split read, unusable ones too.
        sizes: Number of images of every size (height, width), most frequent first.
        class_pixels: Pixels of every class. Before conversion, those of pairs that it refuses do not count, here and
            in what follows.
        class_images: Images in which the class occurs, of every class.
        ignore_pixels: Pixels with the ignore label.
        pixels: All labelled and ignored pixels, wrong ones too; 0 without masks.
        findings: What is wrong or may be, in the order of the images; then what concerns the whole data set.
        class_weights: Suggested weight of every class in the loss, by median frequency (see `class_weights`); None
            without a labelled pixel.

    Example:
        >>> inspect_dataset("voc-tfrecords").class_images[15]
        442
    """

    path: Path
    labels: LabelSpec
    splits: dict[str, int]
    sizes: dict[tuple[int, int], int]
    class_pixels: tuple[int, ...]
    class_images: tuple[int, ...]
    ignore_pixels: int
    pixels: int
    findings: tuple[Finding, ...] = ()
    class_weights: tuple[float, ...] | None = None

    @property
    def images(self) -> int:
        """Number of images read."""
        return sum(self.splits.values())

    @property
    def class_shares(self) -> tuple[float, ...]:
        """Share of every class among the pixels that are not ignored, 0 to 1."""
        counted = max(self.pixels - self.ignore_pixels, 1)
        return tuple(pixels / counted for pixels in self.class_pixels)

    @property
    def ignore_share(self) -> float:
        """Share of the ignored among all pixels, 0 to 1."""
        return self.ignore_pixels / max(self.pixels, 1)

    @property
    def unexpected(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """File (or name, in TFRecords) and values, of every mask that holds values that are no class."""
        kinds = ("wrong_values", "blurred_mask")
        return tuple((found.file or found.name, found.values) for found in self.findings if found.kind in kinds)

    @property
    def errors(self) -> int:
        """Number of findings for which conversion refuses a pair."""
        return sum(found.severity == ERROR for found in self.findings)

    @property
    def warnings(self) -> int:
        """Number of findings with which conversion keeps a pair."""
        return sum(found.severity == WARNING for found in self.findings)

    def verdict(self) -> str:
        """How many errors and warnings there are, in a line."""
        bad = len({(found.split, found.name) for found in self.findings if found.severity == ERROR})
        line = counted(self.errors, "error")
        if bad:
            line += f" in {bad} of {counted(self.images, 'image')}"
            line += ", which conversion refuses" if self.refused else ""
        kept = ", which it keeps" if self.refused and self.warnings else ""
        return f"{line}; {counted(self.warnings, 'warning')}{kept}"

    @property
    def refused(self) -> bool:
        """Whether there are pairs of files that conversion refuses."""
        return any(found.severity == ERROR and found.file for found in self.findings)

    def by_kind(self) -> dict[str, list[Finding]]:
        """The findings by kind: errors first, then the most frequent."""
        groups: dict[str, list[Finding]] = {}
        for found in self.findings:
            groups.setdefault(found.kind, []).append(found)
        return dict(sorted(groups.items(), key=lambda item: (KINDS[item[0]].severity, -len(item[1]))))

    def worst(self) -> list[tuple[str, str, list[str]]]:
        """The images with the most errors and then warnings: split, name and kinds, at most ten."""
        kinds: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        for found in self.findings:
            if found.name and found.kind != "absent_class":
                kinds[found.split, found.name].append(found.kind)
        errors = {image: sum(KINDS[kind].severity == ERROR for kind in found) for image, found in kinds.items()}
        order = sorted(kinds.items(), key=lambda item: (-errors[item[0]], -len(item[1])))
        return [(*image, found) for image, found in order[:_WORST]]

    def shown(self, found: Finding) -> str:
        """What to call a finding's offender.

        Args:
            found: One of `findings`.

        Returns:
            Its file below the data set's folder, or its name.
        """
        file = Path(found.file)
        return file.relative_to(self.path).as_posix() if file.is_relative_to(self.path) else found.place

    def short(self, detail: str) -> str:
        """A finding's sentence with shorter paths.

        Args:
            detail: The sentence, `Finding.detail`.

        Returns:
            The same with paths from the data set's folder on.
        """
        return detail.replace(f"{self.path}{os.sep}", "")

    def side_range(self) -> dict[str, tuple[int, float, int]]:
        """Smallest, median and largest `height` and `width` of the images; empty where none could be read."""
        if not self.sizes:
            return {}
        sides = np.repeat(np.array(list(self.sizes)), list(self.sizes.values()), axis=0)
        return {
            name: (int(values.min()), float(np.median(values)), int(values.max()))
            for name, values in zip(("height", "width"), sides.T)
        }

    def to_dict(self) -> dict:
        """The findings as a dictionary that can be written as JSON.

        Returns:
            - `path`, `splits` (images by name), `images`;
            - `sides` (`height` and `width`, each `min`, `median`, `max`) and `sizes` (`height`, `width`, `images`);
            - `classes`, in id order: `id`, `name`, `pixels`, `share` (of what is not ignored), `images`;
            - `ignore`: `id`, `pixels`, `share` (of all pixels);
            - `class_weights`: a number a class, or null;
            - `errors`, `warnings`: how many; `counts`: how many of each kind;
            - `findings`: each `kind` (a key of `findings.KINDS`), `severity` (`error`, `warning`), `split`, `name`,
              `file` (empty in TFRecords), `detail`, `values` (those at fault);
            - `worst`: `split`, `name` and `kinds` of the ten images with the most findings;
            - `unexpected`: `file` and `values` of masks with values that are no class.
        """
        return {
            "path": str(self.path),
            "splits": self.splits,
            "images": self.images,
            "sides": {name: dict(zip(("min", "median", "max"), values)) for name, values in self.side_range().items()},
            "sizes": [
                {"height": height, "width": width, "images": images} for (height, width), images in self.sizes.items()
            ],
            "classes": [
                {"id": index, "name": name, "pixels": pixels, "share": share, "images": images}
                for index, name, pixels, share, images, _ in self.rows()
            ],
            "ignore": {"id": self.labels.ignore_label, "pixels": self.ignore_pixels, "share": self.ignore_share},
            "class_weights": None if self.class_weights is None else list(self.class_weights),
            "errors": self.errors,
            "warnings": self.warnings,
            "counts": {kind: len(found) for kind, found in self.by_kind().items()},
            "findings": [found.to_dict() for found in self.findings],
            "worst": [{"split": split, "name": name, "kinds": kinds} for split, name, kinds in self.worst()],
            "unexpected": [{"file": file, "values": list(values)} for file, values in self.unexpected],
        }

    def table(self) -> str:
        """The findings as text for a terminal."""
        # File names that are not UTF-8 could not be printed.
        return shown("\n".join([*self._heading(), *self._class_lines(), *self._finding_lines()]))

    def rows(self) -> list[tuple]:
        """Of every class: id, name, pixels, share, images, and suggested weight (None where there is none)."""
        weights = self.class_weights or [None] * self.labels.classes
        return [
            (index, *row)
            for index, row in enumerate(
                zip(self.labels.names, self.class_pixels, self.class_shares, self.class_images, weights)
            )
        ]

    def _heading(self) -> list[str]:
        splits = ", ".join(f"{name} {count}" for name, count in self.splits.items())
        lines = [f"{self.path}: {counted(self.images, 'image')} ({splits})"]
        for name, (low, median, high) in self.side_range().items():
            lines.append(f"{name:<7} {low} to {high}, median {median:g}")
        if self.sizes:
            (height, width), most = next(iter(self.sizes.items()))
            lines.append(f"sizes   {len(self.sizes)}, most often {width}x{height} ({most} of {self.images})")
        return lines

    def _class_lines(self) -> list[str]:
        if not self.pixels:
            return ["no mask without errors" if self.errors else "no masks"]
        wide = max(len("class"), *(len(name) for name in self.labels.names))
        lines = [
            "",
            f" id  {'class':<{wide}}  {'pixels':>14}  {'share':>7}  {'images':>7}  {'of all':>7}  {'weight':>7}",
        ]
        for index, name, pixels, share, images, weight in self.rows():
            said = f"{images:7,d}  {images / self.images:7.1%}" + ("" if weight is None else f"  {weight:7.2f}")
            lines.append(f"{index:3d}  {name:<{wide}}  {pixels:14,d}  {share:7.2%}  {said}")
        ignored = f"{self.ignore_pixels:14,d}  {self.ignore_share:7.2%}"
        lines.append(
            f"{self.labels.ignore_label:3d}  {'(ignored)':<{wide}}  {ignored}  of all pixels, the rest is 100%"
        )
        return lines

    def _finding_lines(self) -> list[str]:
        if not self.findings:
            return ["", "Nothing found amiss."]
        lines = ["", self.verdict() + ":"]
        for kind, found in self.by_kind().items():
            lines.append(f"  {KINDS[kind].severity:<7} {len(found):5d}  {kind}: {KINDS[kind].title}")
            lines += [f"{'':19}{self._line(one)}" for one in found[:SHOWN]]
            if len(found) > SHOWN:
                lines.append(f"{'':19}and {len(found) - SHOWN} more")
        several = [
            f"{'':19}{split} {name}: {', '.join(kinds)}" for split, name, kinds in self.worst() if len(kinds) > 1
        ]
        if several:
            lines += ["  Several at once:", *several]
        return lines

    def _line(self, found: Finding) -> str:
        if found.kind in _TOLD_IN_FULL or not found.file:
            return self.short(found.detail)
        values = listing(found.values)
        return self.shown(found) + (f": {values}" if values else "")
