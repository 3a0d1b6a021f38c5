"""The original release's model zoo: what each file holds, where it is, and its published figures."""

from __future__ import annotations

import dataclasses
import textwrap

from deeplab_tf.checks import meant

BASE_URL = "https://download.tensorflow.org/models"
SOURCES = "tensorflow/models, research/deeplab/g3doc: model_zoo.md and, of the 8-bit models, quantize.md"


@dataclasses.dataclass(frozen=True)
class Score:
    """A published result.

    Args:
        mean_iou: In per cent.
        split: `"val"` or `"test"`.
        output_stride: At evaluation.
        scales: Smallest scale, step and largest, where the probabilities of several were averaged.
        flip: Mirrored images were averaged in.
        multiply_adds: In thousand millions, of all scales together; at 513x513, of Cityscapes at 1025x2049 except the
            EdgeTPU models. Those published of MobileNetV3, 15.95 and 4.63, seem to count a multiplication and its
            addition as two: TensorFlow's profiler finds 15.77 and 4.17 thousand million operations in the networks
            here, of 7.58 and 1.96 multiply-adds. A tenth of the smaller one's stays unexplained.
    """

    mean_iou: float
    split: str
    output_stride: int
    scales: tuple[float, float, float] | None = None
    flip: bool = False
    multiply_adds: float | None = None

    def __str__(self) -> str:
        several = " at scales {:g} to {:g} by {:g}".format(*(self.scales[i] for i in (0, 2, 1))) if self.scales else ""
        flipped = ", mirrored too" if self.flip else ""
        return f"{self.mean_iou:.2f} % ({self.split}, output stride {self.output_stride}{several}{flipped})"


@dataclasses.dataclass(frozen=True)
class ZooEntry:
    """One file of the zoo.

    Args:
        name: As the release calls it, in small letters.
        file: Its name on the server.
        data: What it was trained on last.
        backbone: Name of the backbone here.
        model: A key of `deeplab_tf.models.MODELS`; None where the file is a start for training and not a DeepLab.
        settings: The constructor's further arguments.
        scores: Published results; the first is that of the settings.
        megabytes: Published size, rounded by the publisher.
        checkpoint: Path of the checkpoint inside, where it is known; else it is searched for.
        sha256: Of the file. The release published none: the first download is trusted, later ones are compared with it.
    """

    name: str
    file: str
    data: str
    backbone: str
    model: str | None = None
    settings: dict = dataclasses.field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    megabytes: float | None = None
    checkpoint: str | None = None
    sha256: str | None = None

    @property
    def url(self) -> str:
        """Where it was published."""
        return f"{BASE_URL}/{self.file}"

    @property
    def arguments(self) -> dict | None:
        """The constructor's arguments, and the model's kind under `"model"`; None of what is not a DeepLab."""
        return {"model": self.model, "backbone": self.backbone, **self.settings} if self.model else None


def _entry(name, file, data, backbone, model=None, *, scores=(), size=None, inside=None, **settings) -> ZooEntry:
    return ZooEntry(name, f"{file}.tar.gz", data, backbone, model, settings, scores, size, inside)


VOC_SCALES, CITYSCAPES_SCALES, WIDE_SCALES = (0.5, 0.25, 1.75), (0.75, 0.25, 1.25), (0.75, 0.25, 2.0)
VOC = {"labels": "pascal_voc", "crop_size": 513, "image_size": 513}
CITYSCAPES = {"labels": "cityscapes", "crop_size": (1025, 2049), "image_size": (1025, 2049)}
# What the release evaluates at, by label set: for checkpoints, which do not say.
IMAGE_SIZES = {spec["labels"]: spec["image_size"] for spec in (VOC, CITYSCAPES)}
# The release's MobileNetV2 and EdgeTPU models go without the dilated branches: image pooling and a 1x1 convolution.
PLAIN = {"atrous_rates": ()}
# What the release's Xceptions have beside the model's defaults: rates that follow the output stride, separable
# convolutions, one decoder stage at stride 4.
V3, V3PLUS, LITE = "v3", "v3plus", "lr_aspp"

_ENTRIES = (
    _entry(
        "mobilenetv2_dm05_coco_voc_trainaug", "deeplabv3_mnv2_dm05_pascal_trainaug_2018_10_01", "PASCAL VOC 2012",
        "mobilenet_v2", V3, depth_multiplier=0.5, output_stride=16, **PLAIN, **VOC, size=7.6,
        scores=(Score(70.19, "val", 16, multiply_adds=0.88),),
    ),
    _entry(
        "mobilenetv2_dm05_coco_voc_trainval", "deeplabv3_mnv2_dm05_pascal_trainval_2018_10_01", "PASCAL VOC 2012",
        "mobilenet_v2", V3, depth_multiplier=0.5, output_stride=8, **PLAIN, **VOC, size=7.6,
        scores=(Score(71.83, "test", 8, multiply_adds=2.84),),
    ),
    _entry(
        "mobilenetv2_coco_voc_trainaug", "deeplabv3_mnv2_pascal_train_aug_2018_01_29", "PASCAL VOC 2012",
        "mobilenet_v2", V3, output_stride=16, **PLAIN, **VOC, size=23,
        inside="deeplabv3_mnv2_pascal_train_aug/model.ckpt-30000",
        scores=(Score(75.32, "val", 16, multiply_adds=2.75), Score(77.33, "val", 8, VOC_SCALES, True, 152.59)),
    ),
    _entry(
        "mobilenetv2_coco_voc_trainval", "deeplabv3_mnv2_pascal_trainval_2018_01_29", "PASCAL VOC 2012",
        "mobilenet_v2", V3, output_stride=8, **PLAIN, **VOC, size=23,
        inside="deeplabv3_mnv2_pascal_trainval/model.ckpt-30000",
        scores=(Score(80.25, "test", 8, VOC_SCALES, True, 152.59),),
    ),
    _entry(
        "xception65_coco_voc_trainaug", "deeplabv3_pascal_train_aug_2018_01_04", "PASCAL VOC 2012",
        "xception_65", V3PLUS, output_stride=16, **VOC, size=439, inside="deeplabv3_pascal_train_aug/model.ckpt",
        scores=(Score(82.20, "val", 16, multiply_adds=54.17), Score(83.58, "val", 8, VOC_SCALES, True, 3055.35)),
    ),
    _entry(
        "xception65_coco_voc_trainval", "deeplabv3_pascal_trainval_2018_01_04", "PASCAL VOC 2012",
        "xception_65", V3PLUS, output_stride=8, **VOC, size=439, inside="deeplabv3_pascal_trainval/model.ckpt",
        scores=(Score(87.80, "test", 8, VOC_SCALES, True, 3055.35),),
    ),
    _entry(
        "mobilenetv2_coco_cityscapes_trainfine", "deeplabv3_mnv2_cityscapes_train_2018_02_05", "Cityscapes",
        "mobilenet_v2", V3, output_stride=16, **PLAIN, **CITYSCAPES, size=23,
        inside="deeplabv3_mnv2_cityscapes_train/model.ckpt",
        scores=(
            Score(70.71, "val", 16, multiply_adds=21.27), Score(73.57, "val", 8, CITYSCAPES_SCALES, True, 433.24),
        ),
    ),
    _entry(
        "mobilenetv3_large_cityscapes_trainfine", "deeplab_mnv3_large_cityscapes_trainfine_2019_11_15", "Cityscapes",
        "mobilenet_v3_large", LITE, output_stride=32, **CITYSCAPES, size=17,
        scores=(Score(72.41, "val", 32, multiply_adds=15.95),),
    ),
    _entry(
        "mobilenetv3_small_cityscapes_trainfine", "deeplab_mnv3_small_cityscapes_trainfine_2019_11_15", "Cityscapes",
        "mobilenet_v3_small", LITE, output_stride=32, **CITYSCAPES, size=5,
        inside="deeplab_mnv3_small_cityscapes_trainfine/model.ckpt",
        scores=(Score(68.99, "val", 32, multiply_adds=4.63),),
    ),
    _entry(
        "xception65_cityscapes_trainfine", "deeplabv3_cityscapes_train_2018_02_06", "Cityscapes",
        "xception_65", V3PLUS, output_stride=16, **CITYSCAPES, size=439,
        inside="deeplabv3_cityscapes_train/model.ckpt",
        scores=(
            Score(78.79, "val", 16, multiply_adds=418.64), Score(80.42, "val", 8, CITYSCAPES_SCALES, True, 8677.92),
        ),
    ),
    _entry(
        "xception71_dpc_cityscapes_trainfine", "deeplab_cityscapes_xception71_trainfine_2018_09_08", "Cityscapes",
        "xception_71", V3PLUS, output_stride=16, dense_prediction_cell="cityscapes", **CITYSCAPES, size=445,
        scores=(Score(80.31, "val", 16, multiply_adds=502.07),),
    ),
    _entry(
        "xception71_dpc_cityscapes_trainval", "deeplab_cityscapes_xception71_trainvalfine_2018_09_08", "Cityscapes",
        "xception_71", V3PLUS, output_stride=8, dense_prediction_cell="cityscapes", **CITYSCAPES, size=446,
        scores=(Score(82.66, "test", 8, WIDE_SCALES, True),),
    ),
    _entry(
        "edgetpu_deeplab", "edgetpu-deeplab_2020_03_09", "Cityscapes",
        "mobilenet_edgetpu", V3, output_stride=16, filters=256, **PLAIN, **CITYSCAPES,
        scores=(Score(74.1, "val", 16, multiply_adds=7.1), Score(70.6, "val", 32, multiply_adds=5.6)),
    ),
    _entry(
        "edgetpu_deeplab_slim", "edgetpu-deeplab-slim_2020_03_09", "Cityscapes",
        "mobilenet_edgetpu_slim", V3, output_stride=16, filters=128, depth_multiplier=0.75, **PLAIN, **CITYSCAPES,
        inside="edgetpu-deeplab-slim/model.ckpt",
        scores=(Score(73.2, "val", 16, multiply_adds=4.3), Score(70.0, "val", 32, multiply_adds=3.5)),
    ),
    _entry(
        "mobilenetv2_ade20k_train", "deeplabv3_mnv2_ade20k_train_2018_12_03", "ADE20K",
        "mobilenet_v2", V3PLUS, output_stride=16, labels="ade20k", crop_size=257, image_size=257, **PLAIN, size=24.8,
        scores=(Score(32.04, "val", 16),),
    ),
    _entry(
        "xception65_ade20k_train", "deeplabv3_xception_ade20k_train_2018_05_29", "ADE20K",
        "xception_65", V3PLUS, output_stride=8, labels="ade20k", crop_size=513, image_size=513, size=439,
        scores=(Score(45.65, "val", 8, VOC_SCALES, True),),
    ),
    _entry(
        "mobilenetv2_dm05_coco_voc_trainaug_8bit", "deeplabv3_mnv2_dm05_pascal_train_aug_8bit_2019_04_26",
        "PASCAL VOC 2012", "mobilenet_v2", V3, depth_multiplier=0.5, output_stride=16, **PLAIN, **VOC, size=8.2,
        scores=(Score(69.65, "val", 16, multiply_adds=0.88),),
    ),
    _entry(
        "mobilenetv2_coco_voc_trainaug_8bit", "deeplabv3_mnv2_pascal_train_aug_8bit_2019_04_26", "PASCAL VOC 2012",
        "mobilenet_v2", V3, output_stride=16, **PLAIN, **VOC, size=24,
        scores=(Score(74.26, "val", 16, multiply_adds=2.75),),
    ),
    _entry("xception_41_imagenet", "xception_41_2018_05_09", "ImageNet", "xception_41", size=288),
    _entry("xception_65_imagenet", "deeplabv3_xception_2018_01_04", "ImageNet", "xception_65", size=447),
    _entry(
        "xception_65_imagenet_coco", "xception_65_coco_pretrained_2018_10_02", "ImageNet, MS-COCO", "xception_65",
        size=292,
    ),
    _entry("xception_71_imagenet", "xception_71_2018_05_09", "ImageNet", "xception_71", size=474),
    _entry("resnet_v1_50_beta_imagenet", "resnet_v1_50_2018_05_04", "ImageNet", "resnet_50_beta", size=274),
    _entry("resnet_v1_101_beta_imagenet", "resnet_v1_101_2018_05_04", "ImageNet", "resnet_101_beta", size=477),
)  # fmt: skip

ZOO: dict[str, ZooEntry] = {entry.name: entry for entry in _ENTRIES}


def zoo_entry(name: str) -> ZooEntry:
    """The zoo's entry of this name.

    Args:
        name: A key of `ZOO`.

    Returns:
        What is known of the file: network, data, published scores, address.

    Raises:
        ValueError: If there is none; the message lists the close ones and all.

    Example:
        >>> zoo_entry("xception65_coco_voc_trainaug").scores[0].mean_iou
        82.2
    """
    if name in ZOO:
        return ZOO[name]
    question = meant(name, ZOO, 3)
    raise ValueError(
        f"Unknown released model {name!r}, and there is no such file.{question} Known are {', '.join(sorted(ZOO))}."
    )


def entry_of_file(file: str) -> ZooEntry | None:
    """The entry whose file has this name, or None."""
    return next((entry for entry in _ENTRIES if entry.file == file), None)


def zoo_urls() -> str:
    """Each entry's name and where its file was published, for downloads by hand, one line per entry.

    Example:
        >>> "download.tensorflow.org" in zoo_urls()
        True
    """
    width = max(map(len, ZOO))
    return "\n".join(f"{entry.name:{width}}  {entry.url}" for entry in _ENTRIES)


def zoo_table(width: int | None = None) -> str:
    """The zoo as a table for people, one line per entry.

    Args:
        width: Columns of the terminal. Where the table is wider, what is said of an entry stands below its name.

    Returns:
        Lines of text: mIoU in per cent, multiply-adds in thousand millions (G), sizes in MB.

    Example:
        >>> zoo_table().split()[0]
        'name'
    """
    heads = ("name", "data", "network", "mIoU", "multiply-adds", "file")
    rows: list[tuple[str, ...]] = [heads]
    for entry in _ENTRIES:
        best = entry.scores[0] if entry.scores else None
        multiplier = entry.settings.get("depth_multiplier")
        several = "*" if best and best.scales else ""
        rows.append(
            (
                entry.name,
                entry.data,
                f"{entry.model or 'a start:'} {entry.backbone}" + (f" x{multiplier:g}" if multiplier else ""),
                f"{best.mean_iou:.2f} {best.split}, stride {best.output_stride}{several}" if best else "",
                f"{best.multiply_adds:.2f} G" if best and best.multiply_adds else "",
                f"{entry.megabytes:g} MB" if entry.megabytes else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(columns) for cell, columns in zip(row, widths)).rstrip() for row in rows]
    note = (
        "mIoU in per cent, as published, at that output stride; * of several scales and mirrored images together; "
        "x0.5 is a depth multiplier."
    )
    notes = [note, f"Figures: {SOURCES}."]
    if width and max(map(len, lines)) > width:
        lines = []
        for name, *about in rows[1:]:
            lines += [name, *_wrapped(", ".join(filter(None, about)), width, "    ")]
        notes = [line for text in notes for line in _wrapped(text, width)]
    return "\n".join([*lines, "", *notes])


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
