"""The field's data sets, one row for each: what lists the pairs, what the labels are, and what is published of it.

`convert_voc` and the others, the commands of `deeplab-tf convert`, the TFDS classes, the audit's folders and the table
in `docs/data.md` are derived from the rows. This module needs no TensorFlow: builders are imported when they are used.
"""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplab_tf.labels import LabelSpec, label_spec

if TYPE_CHECKING:
    from deeplab_tf.datasets.records.pairs import Pair

_BUILDERS = "deeplab_tf.datasets.builders"


@dataclasses.dataclass(frozen=True)
class Option:
    """A keyword argument of what lists a data set's pairs, as the command line offers it.

    Args:
        name: The argument's name.
        help: What the command line says of it.
        kind: `str`, `int`, `float` or `Path`.
        default: The argument's own default.
        choices: The only values, if they are few.
        between: What a number lies between.
        splits: The splits that take it, if only some do.
    """

    name: str
    help: str
    kind: type = str
    default: Any = None
    choices: tuple[str, ...] = ()
    between: tuple[float, float] | None = None
    splits: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class DataSource:
    """A data set as it is published, and how it is read.

    Args:
        name: Its name in Python and on the command line.
        pairs: Lists the pairs of a split: a function of root, split and the data set's options, or its name as
            `package.module:function`. Where `labels` is None it returns the pairs and their label specification.
        labels: What `label_spec` takes for the labels; or a function of the options that gives it; or None.
        example: A root and an output, for examples.
        title: What people call it.
        where: Where to get it.
        layout: What the folder given as root must look like.
        splits: Number of images of its official splits.
        classes: How many classes its masks can get.
        options: Its own options.
        short: A shorter name, for `convert_NAME`, the command line and TFDS.
        aliases: Other names of splits, and the splits they mean.
        complete: Whether options keep all images of a split, so that the published numbers are expected. None: always.
        prepared: Lists the pairs of all splits that a root has, for TFDS: a function or its name, as `pairs`. None:
            `train` and `val`.
    """

    name: str
    pairs: str | Callable[..., Any]
    labels: LabelSpec | Mapping | str | int | Callable[..., str] | None
    example: tuple[str, str]
    title: str
    where: str
    layout: str
    splits: Mapping[str, int]
    classes: str
    options: tuple[Option, ...] = ()
    short: str = ""
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
    complete: Callable[..., bool] | None = None
    prepared: str | Callable[..., Any] | None = None

    def __post_init__(self):
        object.__setattr__(self, "short", self.short or self.name)

    def listing(self) -> Callable[..., Any]:
        """The function that lists the pairs."""
        return _resolved(self.pairs)

    def list_pairs(self, root, split: str, **options) -> tuple[list[Pair], LabelSpec]:
        """The pairs of one split and what their label ids mean.

        Raises:
            ValueError: If the folder is not laid out so, or the split or an option is unknown.
        """
        found = self.listing()(root, split, **options)
        return found if self.labels is None else (found, self.label_spec(**options))

    def label_spec(self, **options) -> LabelSpec:
        """The labels that options lead to, where they are known before the files are."""
        return label_spec(self.labels(**options) if callable(self.labels) else self.labels)

    def prepared_pairs(self, root) -> dict[str, list[Pair]]:
        """The pairs of all splits that a folder has."""
        if self.prepared is not None:
            return _resolved(self.prepared)(root)
        return {split: self.list_pairs(root, split)[0] for split in ("train", "val")}


def _resolved(function: str | Callable) -> Callable:
    return pkgutil.resolve_name(function) if isinstance(function, str) else function


def _camvid_labels(classes: int = 11) -> str:
    return "camvid" if classes == 11 else "camvid_32"


def _all_of_coco(annotations: str = "instances", classes: str | None = None, min_pixels: int = 1000, **_) -> bool:
    return not min_pixels or annotations == "stuff" or classes == "all"


_ROWS = (
    DataSource(
        name="pascal_voc",
        pairs=f"{_BUILDERS}.voc:voc_pairs",
        labels="pascal_voc",
        example=("VOCdevkit/VOC2012", "voc"),
        title="PASCAL VOC 2012",
        where="host.robots.ox.ac.uk/pascal/VOC/voc2012; for train_aug also SBD's benchmark.tgz",
        layout="JPEGImages/*.jpg, SegmentationClass/*.png, ImageSets/Segmentation/*.txt",
        splits={"train": 1464, "val": 1449, "trainval": 2913, "train_aug": 10582},
        classes="21",
        short="voc",
        prepared=f"{_BUILDERS}.voc:prepared_voc",
        aliases={"trainaug": "train_aug"},
        options=(
            Option(
                "sbd",
                "For train_aug: SBD's folder, with cls/*.mat, train.txt and val.txt.",
                Path,
                splits=("train_aug",),
            ),
        ),
    ),
    DataSource(
        name="cityscapes",
        pairs=f"{_BUILDERS}.cityscapes:cityscapes_pairs",
        labels="cityscapes",
        example=("cityscapes", "cityscapes-tfrecords"),
        title="Cityscapes",
        where="cityscapes-dataset.com: leftImg8bit_trainvaltest.zip, gtFine_trainvaltest.zip, gtCoarse.zip",
        layout="leftImg8bit/SPLIT/CITY/*.png, gtFine/SPLIT/CITY/*_labelIds.png or *_labelTrainIds.png",
        splits={
            "train": 2975,
            "val": 500,
            "test": 1525,
            "trainval": 3475,
            "train_extra": 19998,
            "train_coarse": 22973,
            "val_coarse": 500,
            "trainval_coarse": 23473,
        },
        classes="19",
        options=(
            Option(
                "ids",
                "Masks to read: labelTrainIds, labelIds, or the former where all are there.",
                default="auto",
                choices=("auto", "train", "label"),
            ),
        ),
    ),
    DataSource(
        name="ade20k",
        pairs=f"{_BUILDERS}.ade20k:ade20k_pairs",
        labels="ade20k",
        example=("ADEChallengeData2016", "ade20k"),
        title="ADE20K (MIT scene parsing benchmark)",
        where="sceneparsing.csail.mit.edu: ADEChallengeData2016.zip",
        layout="images/training/*.jpg, annotations/training/*.png, and validation likewise",
        splits={"train": 20210, "val": 2000},
        classes="151, of which 0 is ignored",
    ),
    DataSource(
        name="coco",
        pairs=f"{_BUILDERS}.coco:coco_pairs",
        labels=None,
        example=("coco", "coco-voc"),
        title="COCO 2017",
        where="cocodataset.org: the images, annotations_trainval2017.zip or panoptic; COCO-Stuff's stuffthingmaps",
        layout="train2017/*.jpg, annotations/instances_train2017.json, annotations/panoptic_train2017/*.png, "
        "stuffthingmaps/*",
        splits={"train": 118287, "val": 5000},
        classes="PASCAL VOC's 21; 81 (instances), 133 (panoptic), 171 or 182 (stuff)",
        complete=_all_of_coco,
    ),
    DataSource(
        name="pascal_context",
        pairs=f"{_BUILDERS}.pascal_context:pascal_context_pairs",
        labels=None,
        example=("pascal-context", "context"),
        title="PASCAL-Context",
        where="cs.stanford.edu/~roozbeh/pascal-context: trainval.tar.gz, labels.txt; the images are PASCAL VOC 2010's",
        layout="trainval/*.mat, labels.txt, VOCdevkit/VOC2010/JPEGImages/*.jpg, VOCdevkit/VOC2010/ImageSets/Main/*.txt",
        splits={"train": 4998, "val": 5105, "trainval": 10103},
        classes="60, 59 or 459",
        options=(
            Option("classes", "60: 59 and background; 59; or 459, all there are.", int, 60),
            Option("voc", "Folder VOC2010 of the devkit.  [default: looked for under --root]", Path),
        ),
    ),
    DataSource(
        name="camvid",
        pairs=f"{_BUILDERS}.camvid:camvid_pairs",
        labels=_camvid_labels,
        example=("CamVid", "camvid-tfrecords"),
        title="CamVid",
        where="the SegNet tutorial's copy, or mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid",
        layout="train/*, trainannot/*.png, ...; or 701_StillsRaw_full/*.png, LabeledApproved_full/*_L.png",
        splits={"train": 367, "val": 101, "test": 233},
        classes="11, or 32 of the colour masks",
        prepared=f"{_BUILDERS}.camvid:prepared_camvid",
        options=(Option("classes", "11 or 32, which need the original colour masks.", int, 11),),
    ),
    DataSource(
        name="stanford_background",
        pairs=f"{_BUILDERS}.stanford_background:stanford_background_pairs",
        labels="stanford_background",
        example=("iccv09Data", "stanford"),
        title="Stanford Background",
        where="dags.stanford.edu/projects/scenedataset.html: iccv09Data.tar.gz",
        layout="images/*.jpg and labels/*.regions.txt",
        splits={"train": 572, "val": 143},
        classes="8",
        options=(
            Option("seed", "Draws the val images.", int, 0),
            Option("val_share", "Share that is val: there is no official split.", float, 0.2, between=(0, 1)),
        ),
    ),
)
DATA_SETS = {row.name: row for row in _ROWS}


def source_help(name: str) -> str:
    """Two lines about a data set of `DATA_SETS`: where to get it, and how its folder must look."""
    source = DATA_SETS[name]
    return f"From: {source.where}\nRoot: {source.layout}"


def sources_table() -> str:
    """`DATA_SETS` as a table in Markdown, a row for each data set; `docs/data.md` has it."""
    rows = [("Data set", "`deeplab-tf convert`", "Where to get it", "The folder, `--root`", "Splits", "Classes")]
    rows.append(("---",) * len(rows[0]))
    for name, source in DATA_SETS.items():
        splits = ", ".join(f"{split} {count}" for split, count in source.splits.items())
        # As code, or its stars and underscores would become emphasis.
        rows.append((source.title, f"`{name}`", source.where, f"`{source.layout}`", splits, source.classes))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def count_notes(name: str, images: Mapping[str, int]) -> tuple[str, ...]:
    """What to tell about numbers of images that are not the published ones: people have subsets, or lost files.

    Args:
        name: A data set of `DATA_SETS`.
        images: Number of images by split.

    Returns:
        One sentence for each split that differs; splits that are not published are passed over.

    Example:
        >>> count_notes("cityscapes", {"val": 499})
        ('val has 499 images; Cityscapes has 500.',)
    """
    source = DATA_SETS[name]
    return tuple(
        f"{split} has {count} images; {source.title} has {source.splits[split]}."
        for split, count in images.items()
        if source.splits.get(split, count) != count
    )
