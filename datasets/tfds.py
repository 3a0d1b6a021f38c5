"""Data sets for `tensorflow_datasets`: importing this module makes `tfds.load` know them.

    import tensorflow_datasets as tfds
    import deeplab_tf.datasets.tfds

    manual = tfds.download.DownloadConfig(manual_dir="VOCdevkit/VOC2012")
    data, info = tfds.load("deeplab_voc", download_and_prepare_kwargs={"download_config": manual}, with_info=True)

Every example is a dictionary of `image`, uint8 `[H, W, 3]`, `label`, class ids, uint8 `[H, W, 1]` (uint16 of more than
256 classes), and `filename`. `info.metadata["labels"]` is the label specification as a dictionary. `training_batches`
takes the builders as they are. Nothing is downloaded: the folders are those that the converters of the same names take.
"""

from __future__ import annotations

import abc
import dataclasses
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deeplab_tf.datasets.builders.ade20k import ade20k_pairs
from deeplab_tf.datasets.builders.camvid import camvid_pairs
from deeplab_tf.datasets.builders.cityscapes import cityscapes_pairs
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.folder import divide_folder
from deeplab_tf.datasets.builders.folder_files import folder_pairs
from deeplab_tf.datasets.builders.folder_masks import MaskReader
from deeplab_tf.datasets.builders.voc import TRAIN_AUG, devkit_folder, voc_pairs
from deeplab_tf.datasets.records.pairs import Pair, load_pair
from deeplab_tf.datasets.records.parallel import ordered_map
from deeplab_tf.labels import LabelSpec, label_spec

try:
    import tensorflow_datasets as tfds
except ImportError as error:
    raise ImportError("TFDS builders need tensorflow-datasets: pip install 'deeplab-tf[tfds]'") from error

# The name of SBD's archive and of the folder that it unpacks to.
_SBD = "benchmark_RELEASE"


class _Segmentation(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """What all data sets of images and masks have in common."""

    VERSION = tfds.core.Version("1.0.0")

    @abc.abstractmethod
    def labels(self) -> LabelSpec:
        """What the label ids mean."""

    @abc.abstractmethod
    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        """The pairs of every split; `root` is the manual folder."""

    def _info(self) -> tfds.core.DatasetInfo:
        labels = self.labels()
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"{type(self).__doc__} {labels.classes} classes; {labels.ignore_label} is ignored.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(),
                    "label": tfds.features.LabeledImage(
                        labels=list(labels.names), dtype=labels.mask_dtype, encoding_format="png"
                    ),
                    "filename": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
            metadata=tfds.core.MetadataDict(labels=labels.to_dict()),
        )

    def _split_generators(self, dl_manager) -> dict[str, Iterator]:
        return {split: self._generate_examples(pairs) for split, pairs in self.pairs(self._root(dl_manager)).items()}

    def _root(self, dl_manager) -> Path:
        return Path(dl_manager.manual_dir)

    def _generate_examples(self, pairs: Sequence[Pair]) -> Iterator[tuple[str, dict]]:
        load = functools.partial(load_pair, labels=self.labels())
        for record in ordered_map(load, pairs, os.cpu_count() or 1):
            yield record.filename, {"image": record.image, "label": record.label, "filename": record.filename}


class DeeplabVoc(_Segmentation):
    """PASCAL VOC 2012 segmentation: train, val, and train_aug where its masks are there."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    The devkit's folder VOC2012, or one above it. For the split train_aug it also holds SegmentationClassAug and the
    list train_aug.txt, or else SBD's folder {_SBD}.
    """

    def labels(self) -> LabelSpec:
        return label_spec("pascal_voc")

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        sbd = root / _SBD if (root / _SBD).is_dir() else None
        found = {split: voc_pairs(root, split) for split in ("train", "val")}
        if sbd or any(devkit_folder(root).glob("Segmentation*[aA]ug")):
            found[TRAIN_AUG] = voc_pairs(root, TRAIN_AUG, sbd=sbd)
        return found


class DeeplabCityscapes(_Segmentation):
    """Cityscapes with fine annotations as train ids: train and val."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = "The folder that holds leftImg8bit and gtFine, as cityscapes-dataset.com gives them."

    def labels(self) -> LabelSpec:
        return label_spec("cityscapes")

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        return {split: cityscapes_pairs(root, split) for split in ("train", "val")}


class DeeplabAde20k(_Segmentation):
    """ADE20K as MIT's scene parsing benchmark has it: train and val."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = "The folder ADEChallengeData2016, or the one above it."

    def labels(self) -> LabelSpec:
        return label_spec("ade20k")

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        return {split: ade20k_pairs(root, split) for split in ("train", "val")}


class DeeplabCamvid(_Segmentation):
    """CamVid with the field's 11 classes: train, val, and test where it is there."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The SegNet tutorial's folder of train, trainannot and so on, or the original images with their colour masks.
    """

    def labels(self) -> LabelSpec:
        return label_spec("camvid")

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        divided = any((root / nested / "train").is_dir() for nested in ("", "CamVid"))
        test = not divided or any((root / nested / "test").is_dir() for nested in ("", "CamVid"))
        splits = ("train", "val", "test") if test else ("train", "val")
        return {split: camvid_pairs(root, split) for split in splits}


@dataclasses.dataclass(eq=False)
class FolderConfig(tfds.core.BuilderConfig):
    """Where the images and masks of `deeplab_folder` lie, and what their ids mean.

    Args:
        name: What the data set is called; it becomes a folder in TFDS's data folder.
        images: As for `convert_folder`.
        masks: As for `convert_folder`.
        labels: The label specification, what `label_spec` takes for one, or a `.txt` file of class names.
        val_share: As for `convert_folder`.
        seed: As for `convert_folder`.

    Example:
        >>> mine = FolderConfig(name="mine", images="images", masks="masks", labels="names.txt", val_share=0.2)
        >>> data = tfds.load("deeplab_folder", builder_kwargs={"config": mine}, split="train")
    """

    images: str | os.PathLike | None = None
    masks: str | os.PathLike | None = None
    labels: LabelSpec | str | int | None = None
    val_share: float = 0.0
    seed: int = 0


class DeeplabFolder(_Segmentation):
    """A folder of images and a folder of masks of the same names: train, and val where a share is set aside."""

    def labels(self) -> LabelSpec:
        config = self.builder_config
        if not isinstance(config, FolderConfig) or None in (config.images, config.masks, config.labels):
            raise ValueError(
                "deeplab_folder needs to know its folders; received "
                f"config={getattr(config, 'name', None)!r}. Give builder_kwargs={{'config': FolderConfig(name=..., "
                "images=..., masks=..., labels=...)}; builder_from_directory reads what is prepared."
            )
        if isinstance(config.labels, str | os.PathLike) and str(config.labels).endswith(".txt"):
            return read_class_names(config.labels)
        return label_spec(config.labels)

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        config = self.builder_config
        reader = MaskReader(self.labels())
        pairs = [dataclasses.replace(pair, read=reader) for pair in folder_pairs(config.images, config.masks)]
        return divide_folder(pairs, "train", config.val_share, config.seed, os.cpu_count() or 1)

    def _root(self, dl_manager) -> Path:
        return Path(self.builder_config.images)
