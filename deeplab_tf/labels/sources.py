"""Where the field's data sets come from, how their folders look, and how many images their splits have."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class DataSource:
    """A data set as it is published.

    Args:
        title: What people call it.
        where: Where to get it.
        layout: How the folder given as root must look.
        splits: Number of images of its official splits.
        classes: How many classes its masks can get.
    """

    title: str
    where: str
    layout: str
    splits: Mapping[str, int]
    classes: str


SOURCES = {
    "pascal_voc": DataSource(
        "PASCAL VOC 2012",
        "host.robots.ox.ac.uk/pascal/VOC/voc2012; for train_aug also SBD's benchmark.tgz",
        "JPEGImages/*.jpg, SegmentationClass/*.png, ImageSets/Segmentation/*.txt",
        {"train": 1464, "val": 1449, "trainval": 2913, "train_aug": 10582},
        "21",
    ),
    "cityscapes": DataSource(
        "Cityscapes",
        "cityscapes-dataset.com: leftImg8bit_trainvaltest.zip, gtFine_trainvaltest.zip, gtCoarse.zip",
        "leftImg8bit/SPLIT/CITY/*.png, gtFine/SPLIT/CITY/*_labelIds.png or *_labelTrainIds.png",
        {
            "train": 2975,
            "val": 500,
            "test": 1525,
            "trainval": 3475,
            "train_extra": 19998,
            "train_coarse": 22973,
            "val_coarse": 500,
            "trainval_coarse": 23473,
        },
        "19",
    ),
    "ade20k": DataSource(
        "ADE20K (MIT scene parsing benchmark)",
        "sceneparsing.csail.mit.edu: ADEChallengeData2016.zip",
        "images/training/*.jpg, annotations/training/*.png, and validation likewise",
        {"train": 20210, "val": 2000},
        "151, of which 0 is ignored",
    ),
    "coco": DataSource(
        "COCO 2017",
        "cocodataset.org: the images, annotations_trainval2017.zip or panoptic; COCO-Stuff's stuffthingmaps",
        "train2017/*.jpg, annotations/instances_train2017.json, annotations/panoptic_train2017/*.png, stuffthingmaps/*",
        {"train": 118287, "val": 5000},
        "PASCAL VOC's 21; 81 (instances), 133 (panoptic), 171 or 182 (stuff)",
    ),
    "pascal_context": DataSource(
        "PASCAL-Context",
        "cs.stanford.edu/~roozbeh/pascal-context: trainval.tar.gz, labels.txt; the images are PASCAL VOC 2010's",
        "trainval/*.mat, labels.txt, VOCdevkit/VOC2010/JPEGImages/*.jpg, VOCdevkit/VOC2010/ImageSets/Main/*.txt",
        {"train": 4998, "val": 5105, "trainval": 10103},
        "60, 59 or 459",
    ),
    "camvid": DataSource(
        "CamVid",
        "the SegNet tutorial's copy, or mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid",
        "train/*, trainannot/*.png, ...; or 701_StillsRaw_full/*.png, LabeledApproved_full/*_L.png",
        {"train": 367, "val": 101, "test": 233},
        "11, or 32 of the colour masks",
    ),
    "stanford_background": DataSource(
        "Stanford Background",
        "dags.stanford.edu/projects/scenedataset.html: iccv09Data.tar.gz",
        "images/*.jpg and labels/*.regions.txt",
        {"train": 572, "val": 143},
        "8",
    ),
}


def source_help(name: str) -> str:
    """Two lines on a data set of `SOURCES`: where to get it, and how its folder must look."""
    source = SOURCES[name]
    return f"From: {source.where}\nRoot: {source.layout}"


def sources_table() -> str:
    """`SOURCES` as a table in Markdown, a row a data set; `docs/data.md` has it."""
    rows = [("Data set", "`deeplab-tf convert`", "Where to get it", "The folder, `--root`", "Splits", "Classes")]
    rows.append(("---",) * len(rows[0]))
    for name, source in SOURCES.items():
        splits = ", ".join(f"{split} {count}" for split, count in source.splits.items())
        # As code, or its stars and underscores would become emphasis.
        rows.append((source.title, f"`{name}`", source.where, f"`{source.layout}`", splits, source.classes))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def count_notes(name: str, images: Mapping[str, int]) -> tuple[str, ...]:
    """What to tell about numbers of images that are not the published ones: people have subsets, or lost files.

    Args:
        name: A data set of `SOURCES`.
        images: Number of images by split.

    Returns:
        One sentence a split that differs; splits that are not published ones are passed over.

    Example:
        >>> count_notes("cityscapes", {"val": 499})
        ('val has 499 images; Cityscapes has 500.',)
    """
    source = SOURCES[name]
    return tuple(
        f"{split} has {count} images; {source.title} has {source.splits[split]}."
        for split, count in images.items()
        if source.splits.get(split, count) != count
    )
