"""The files of a training run, and which of them say that a folder holds one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.datasets import DataSet
from deeplab_tf.files import read_json, write_json
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.reading import reading
from deeplab_tf.training.config import TrainConfig

SETTINGS, REMEDY = "the settings of a training run", "Restore the file or choose another folder."


class RunFolder:
    """Where a run keeps its files.

    Args:
        path: The folder; it need not exist yet.

    Attributes:
        model: The best model so far.
        checkpoint: The last model with all that resuming needs.
        config: Settings, labels, data set and versions, JSON.
        log: Loss, learning rate and validation by step, CSV.
        curves: The same as a picture.
        tensorboard: The same as TensorBoard reads it, a folder.
        per_class_csv: The best model's validation by class.
        per_class_json: The same with the confusion matrix.

    Example:
        >>> RunFolder("runs/voc").holds_run
        True
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.model = self.path / RUN_MODEL
        self.checkpoint = self.path / "last.keras"
        self.config = self.path / "config.json"
        self.log = self.path / "log.csv"
        self.curves = self.path / "curves.png"
        self.tensorboard = self.path / "tensorboard"
        self.per_class_csv = self.path / "per_class.csv"
        self.per_class_json = self.path / "per_class.json"

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here."""
        return self.config.is_file()

    def check_free(self, overwrite: bool) -> None:
        """Makes sure that a new run may start here; deletes nothing.

        Raises:
            ValueError: If there is a run and `overwrite` is not set, or there are files of something else.
        """
        if self.holds_run:
            self.read_config()
            if not overwrite:
                raise ValueError(
                    f"{self.path} holds a run already. Go on with it by --resume, replace it by --overwrite, or "
                    "choose another folder."
                )
        elif self.path.is_dir() and (others := self._others()):
            raise ValueError(
                f"{self.path} is no run folder and not empty: it holds {', '.join(others[:3])}. Choose a new folder."
            )

    def _others(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))

    def clear(self) -> None:
        """Deletes the files of the run that is here, and nothing else."""
        # The settings go last: while they are there, the rest counts as a run.
        for path in (self.checkpoint, self.model, self.log, self.curves, self.per_class_csv, self.per_class_json):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.tensorboard, ignore_errors=True)
        self.config.unlink(missing_ok=True)

    def write_config(self, config: TrainConfig, resolved: Mapping) -> None:
        """Stores the settings as given and, beside them, what they came to."""
        write_json(self.config, {"settings": config.to_dict(), "resolved": dict(resolved)})

    def read_config(self) -> TrainConfig:
        """The settings of the run.

        Raises:
            ValueError: If there is no run, or its settings are damaged.
        """
        with reading(self.config, SETTINGS, REMEDY):
            return TrainConfig.from_dict(self._stored()["settings"])

    def read_resolved(self) -> dict:
        """What the settings of the run came to when it began.

        Raises:
            ValueError: As for `read_config`.
        """
        with reading(self.config, SETTINGS, REMEDY):
            resolved = self._stored()["resolved"]
            LabelSpec.from_dict(resolved["labels"])
            if not isinstance(resolved["images"], dict):
                raise ValueError("the numbers of images are missing")
            return resolved

    def _stored(self) -> dict:
        if not self.holds_run:
            raise ValueError(f"{self.path} holds no run: there is no {self.config.name}. Start one without --resume.")
        stored = read_json(self.config)
        if not isinstance(stored, dict) or not {"settings", "resolved"} <= set(stored):
            raise ValueError(f"{self.config} is not that of a training run. Choose another folder.")
        return stored

    def resumed_config(self, given: Mapping) -> TrainConfig:
        """The run's settings for going on with it.

        Args:
            given: Settings that the caller names. `data` may be another than it was; all else must be as it was.

        Raises:
            ValueError: If there is no run, or a setting differs or is unknown; the message names it.
        """
        stored = self.read_config().to_dict()
        wanted = TrainConfig.from_dict({**stored, **given, "output": str(self.path)})
        differing = [name for name in given if name != "data" and stored[name] != wanted.to_dict()[name]]
        if differing:
            changes = ", ".join(f"{name} was {stored[name]!r} and is {given[name]!r}" for name in differing)
            raise ValueError(
                f"A resumed run keeps its settings, but {changes}. Leave that out, or start anew with --overwrite."
            )
        return wanted

    def check_same_data(self, dataset: DataSet) -> None:
        """Makes sure that a run goes on with the data that it began with.

        Raises:
            ValueError: If the number of images or the labels differ.
        """
        began = self.read_resolved()
        counts = {split: dataset.count(split) for split in began["images"] if split in dataset.splits}
        if counts != began["images"] or dataset.labels.to_dict() != began["labels"]:
            raise ValueError(
                f"{dataset.path} has {counts} images of {dataset.labels.name!r}; the run in {self.path} began with "
                f"{began['images']} of {began['labels'].get('name')!r}. Give that data set, or start anew."
            )
