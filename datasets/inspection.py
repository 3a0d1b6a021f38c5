"""The findings about a data set, as values, a dictionary and a table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from deeplab_tf.labels import LabelSpec

_FILES_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What `inspect_dataset` found.

    Args:
        path: The data set's folder.
        labels: What the label ids mean.
        splits: Number of images of every split read.
        sizes: Number of images of every size (height, width), most frequent first.
        class_pixels: Pixels of every class.
        class_images: Images in which the class occurs, of every class.
        ignore_pixels: Pixels with the ignore label.
        pixels: All labelled and ignored pixels, wrong ones too; 0 without masks.
        unexpected: File name and values, of every mask that holds values that are no class.

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
    unexpected: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def images(self) -> int:
        """Number of images read."""
        return sum(self.splits.values())

    @property
    def class_shares(self) -> tuple[float, ...]:
        """Share of every class among the pixels that are not ignored, 0 to 1."""
        counted = max(self.pixels - self.ignore_pixels, 1)
        return tuple(pixels / counted for pixels in self.class_pixels)

    def side_range(self) -> dict[str, tuple[int, float, int]]:
        """Smallest, median and largest `height` and `width` of the images."""
        sides = np.repeat(np.array(list(self.sizes)), list(self.sizes.values()), axis=0)
        return {
            name: (int(values.min()), float(np.median(values)), int(values.max()))
            for name, values in zip(("height", "width"), sides.T)
        }

    def to_dict(self) -> dict:
        """The findings as a dictionary that can be written as JSON."""
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
                for index, (name, pixels, share, images) in enumerate(self._rows())
            ],
            "ignore": {"id": self.labels.ignore_label, "pixels": self.ignore_pixels, "share": self._ignore_share()},
            "unexpected": [{"file": file, "values": list(values)} for file, values in self.unexpected],
        }

    def table(self) -> str:
        """The findings as text for a terminal."""
        sides = self.side_range()
        (height, width), most = next(iter(self.sizes.items()))
        splits = ", ".join(f"{name} {count}" for name, count in self.splits.items())
        wide = max(len("class"), *(len(name) for name in self.labels.names))
        lines = [
            f"{self.path}: {self.images} images ({splits})",
            *(f"{name:<7} {low} to {high}, median {median:g}" for name, (low, median, high) in sides.items()),
            f"sizes   {len(self.sizes)}, most often {width}x{height} ({most} of {self.images})",
        ]
        if not self.pixels:
            return "\n".join([*lines, "no masks"])
        lines += ["", f" id  {'class':<{wide}}  {'pixels':>14}  {'share':>7}  {'images':>7}  {'of all':>7}"]
        for index, (name, pixels, share, images) in enumerate(self._rows()):
            lines.append(
                f"{index:3d}  {name:<{wide}}  {pixels:14,d}  {share:7.2%}  {images:7,d}  {images / self.images:7.1%}"
            )
        ignored = f"{self.ignore_pixels:14,d}  {self._ignore_share():7.2%}"
        lines.append(
            f"{self.labels.ignore_label:3d}  {'(ignored)':<{wide}}  {ignored}  of all pixels, the rest is 100%"
        )
        if self.unexpected:
            lines += ["", f"{len(self.unexpected)} masks hold values that are no class:"]
            lines += [f"  {file}: {', '.join(map(str, values))}" for file, values in self.unexpected[:_FILES_NAMED]]
            if len(self.unexpected) > _FILES_NAMED:
                lines.append(f"  and {len(self.unexpected) - _FILES_NAMED} more")
        return "\n".join(lines)

    def _rows(self):
        return zip(self.labels.names, self.class_pixels, self.class_shares, self.class_images)

    def _ignore_share(self) -> float:
        return self.ignore_pixels / max(self.pixels, 1)
