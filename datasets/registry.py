"""The field's data sets, one row for each: what lists the pairs, what the labels are, and the published facts.

`convert_voc` and the others, the commands of `deeplab-tf convert`, the TFDS classes, the audit's folders and the table
in `docs/data.md` are derived from the rows. This module needs no TensorFlow: builders are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.datasets.data_source import DataSource, Option
from deeplab_tf.progress import counted

_BUILDERS = "deeplab_tf.datasets.builders"


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
        publication="Everingham et al. 2015 (IJCV); SBD, of train_aug, Hariharan et al. 2011 (ICCV)",
        where="host.robots.ox.ac.uk/pascal/VOC/voc2012; for train_aug also SBD's benchmark.tgz",
        layout="JPEGImages/*.jpg, SegmentationClass/*.png, ImageSets/Segmentation/*.txt",
        splits={"train": 1464, "val": 1449, "trainval": 2913, "train_aug": 10582},
        classes="21",
        short="voc",
        lists=f"{_BUILDERS}.voc:findings_of_lists",
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
        publication="Cordts et al. 2016, arXiv 1604.01685",
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
                "Masks to read: labelTrainIds, labelIds, or labelTrainIds if all exist.",
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
        publication="Zhou et al. 2017, arXiv 1608.05442",
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
        publication="Lin et al. 2014, arXiv 1405.0312; panoptic, arXiv 1801.00868; COCO-Stuff, arXiv 1612.03716",
        where="cocodataset.org: the images, annotations_trainval2017.zip or panoptic; COCO-Stuff's stuffthingmaps",
        layout="train2017/*.jpg, annotations/instances_train2017.json, annotations/panoptic_train2017/*.png, "
        "stuffthingmaps/*",
        splits={"train": 118287, "val": 5000},
        classes="PASCAL VOC's 21; 81 (instances), 133 (panoptic), 171 or 182 (stuff)",
        complete=_all_of_coco,
        options=(
            Option(
                "annotations",
                "Kind of the annotations.",
                default="instances",
                choices=("instances", "panoptic", "stuff"),
            ),
            Option(
                "classes",
                "voc: PASCAL VOC's 21; all: all categories; raw: COCO-Stuff's 182 ids.  [default: voc; all for stuff]",
                choices=("voc", "all", "raw"),
            ),
            Option(
                "min_pixels",
                "With voc, only images with more pixels of its classes; 0 for all images.",
                int,
                1000,
                least=0,
            ),
            Option("year", "Year in the files' names.", int, 2017),
        ),
    ),
    DataSource(
        name="pascal_context",
        pairs=f"{_BUILDERS}.pascal_context:pascal_context_pairs",
        labels=None,
        example=("pascal-context", "context"),
        title="PASCAL-Context",
        publication="Mottaghi et al. 2014 (CVPR)",
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
        publication="Brostow et al. 2009 (Pattern Recognition Letters)",
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
        publication="Gould et al. 2009 (ICCV)",
        where="dags.stanford.edu/projects/scenedataset.html: iccv09Data.tar.gz",
        layout="images/*.jpg and labels/*.regions.txt",
        splits={"train": 572, "val": 143},
        classes="8",
        options=(
            Option("seed", "Seed of the choice of val images.", int, 0),
            Option("val_share", "Fraction that is val: there is no official split.", float, 0.2, between=(0, 1)),
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
    rows = [
        ("Data set", "`deeplab-tf convert`", "Where to get it", "The folder, `--root`", "Splits", "Classes", "TFDS")
    ]
    rows.append(("---",) * len(rows[0]))
    for name, source in DATA_SETS.items():
        splits = ", ".join(f"{split} {count}" for split, count in source.splits.items())
        tfds = f"`{source.tfds_name}`" if source.tfds_name else ""
        # As code, or its stars and underscores would become emphasis.
        rows.append((source.title, f"`{name}`", source.where, f"`{source.layout}`", splits, source.classes, tfds))
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
        f"{split} has {counted(count, 'image')}; {source.title} has {source.splits[split]}."
        for split, count in images.items()
        if source.splits.get(split, count) != count
    )
