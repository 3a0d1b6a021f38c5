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

from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.folder import divide_folder
from deeplab_tf.datasets.builders.folder_files import folder_pairs
from deeplab_tf.datasets.builders.folder_masks import MaskReader
from deeplab_tf.datasets.data_source import DataSource
from deeplab_tf.datasets.records.pairs import Pair, load_pair
from deeplab_tf.datasets.records.parallel import ordered_map
from deeplab_tf.datasets.registry import DATA_SETS, source_help
from deeplab_tf.labels import LabelSpec, label_spec

try:
    import tensorflow_datasets as tfds
except ImportError as error:
    raise ImportError("TFDS builders need tensorflow-datasets: pip install 'deeplab-tf[tfds]'") from error


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


def add_builder(source: DataSource) -> type[_Segmentation]:
    """Makes TFDS know a data set as `deeplab_NAME`, by its short name."""

    def labels(self) -> LabelSpec:
        return source.label_spec()

    def pairs(self, root: Path) -> dict[str, list[Pair]]:
        return source.prepared_pairs(root)

    members = {
        "name": source.tfds_name,
        "__doc__": f"{source.title}.",
        "__module__": __name__,
        "MANUAL_DOWNLOAD_INSTRUCTIONS": f"{source_help(source.name)}\nSplits: {source.prepared_splits()}",
        "labels": labels,
        "pairs": pairs,
    }
    words = map(str.capitalize, source.short.split("_"))
    return type(f"Deeplab{''.join(words)}", (_Segmentation,), members)


for _source in DATA_SETS.values():
    if _source.tfds_name:
        _builder = add_builder(_source)
        globals()[_builder.__name__] = _builder


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
        """The configuration's, whose file of class names is read."""
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
        """The configuration's folders, divided; `root`, the data's place in other sets, is not asked."""
        config = self.builder_config
        reader = MaskReader(self.labels())
        pairs = [dataclasses.replace(pair, read=reader) for pair in folder_pairs(config.images, config.masks)]
        return divide_folder(pairs, "train", config.val_share, config.seed, os.cpu_count() or 1)

    def _root(self, dl_manager) -> Path:
        return Path(self.builder_config.images)
