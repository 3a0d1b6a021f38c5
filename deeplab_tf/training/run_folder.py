"""The files of a training run, and which of them say that a folder holds one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.pipeline.prepared import record_of
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files import read_json, write_json
from deeplab_tf.files.reading import reading
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import SegmentationModel
from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.training.callbacks.best import PER_CLASS_CSV, PER_CLASS_JSON
from deeplab_tf.training.checkpoint import read_state
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.state import RunState

SETTINGS, REMEDY = "the settings of a training run", "Restore the file or choose another folder."
# Where a run that replaces another is kept, inside the other's folder: until it has a checkpoint, from then on, and
# while its files move into the place of those of the other.
BEGUN, WHOLE, MOVING = ".new-begun", ".new", ".new-moving"
# By which the model of a checkpoint is known to be another than that of the run.
_SAME = ("model", "backbone", "depth_multiplier", "output_stride")
# Settings that a resumed run need not keep.
FREE = (
    "data", "masks", "val_data", "val_masks", "checkpoint_minutes", "patience", "panel_images", "strategy", "devices",
    "wait_minutes",
)  # fmt: skip


class RunFolder:
    """Where a run keeps its files.

    Args:
        path: The folder; it need not exist yet.
        replaces: The folder of the run whose place this one will take.

    Attributes:
        model: The best model so far.
        checkpoint: The last model with all that resuming needs.
        config: Settings, labels, data set and versions, JSON.
        log: Loss, learning rate and validation by step, CSV.
        curves: The same as a picture.
        tensorboard: The same as TensorBoard reads it, a folder.
        validations: Each validation by class, and pictures, as TensorBoard reads them, a folder in that one.
        per_class_csv: The best model's validation by class.
        per_class_json: The same with the confusion matrix.

    Example:
        >>> RunFolder("runs/voc").holds_run
        True
    """

    def __init__(self, path: str | os.PathLike, replaces: RunFolder | None = None):
        self.path = Path(path)
        self.replaces = replaces
        self.model = self.path / RUN_MODEL
        self.checkpoint = self.path / "last.keras"
        self.config = self.path / "config.json"
        self.log = self.path / "log.csv"
        self.curves = self.path / "curves.png"
        self.tensorboard = self.path / "tensorboard"
        self.validations = self.tensorboard / "validation"
        self.per_class_csv = self.path / PER_CLASS_CSV
        self.per_class_json = self.path / PER_CLASS_JSON

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here."""
        return self.config.is_file()

    def check_free(self, overwrite: bool) -> None:
        """Makes sure that a new run may start here; deletes nothing.

        Args:
            overwrite: Whether it may replace a run.

        Raises:
            ValueError: If there is a run and `overwrite` is not set, or there are files of something else.
        """
        if self.holds_run:
            # A trial makes room for any other run.
            if not self.read_config().fast_dev_run and not overwrite:
                raise ValueError(self._taken())
        elif self.path.is_dir() and (others := self._others()):
            raise ValueError(
                f"{self.path} is not a run folder and not empty: it holds {', '.join(others[:3])}. Choose a new folder."
            )

    def _taken(self) -> str:
        finished = False
        with contextlib.suppress(ValueError, FileNotFoundError):
            finished = self.is_finished(read_state(self.checkpoint))
        if finished:
            return (
                f"{self.path} holds a finished run. Train it further by --weights {self.path} with another --output, "
                "replace it by --overwrite, or choose another folder."
            )
        return (
            f"{self.path} holds a run already. Go on with it by --resume, replace it by --overwrite, or choose "
            "another folder."
        )

    def is_finished(self, state: RunState) -> bool:
        """Whether nothing is left to do of the run, the last validation included.

        Args:
            state: That of its checkpoint.

        Returns:
            Whether all steps are done and the last one has its row in the log.

        Raises:
            ValueError: As for `read_config`.
        """
        steps = self.read_config().last_step
        return state.step == steps and bool(state.rows) and state.rows[-1]["step"] == steps

    @property
    def has_steps(self) -> bool:
        """Whether there is a checkpoint with something learned."""
        try:
            return read_state(self.checkpoint).step > 0
        except (ValueError, FileNotFoundError):
            return False

    def _others(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))

    def clear(self) -> None:
        """Deletes the files of the run that is here, and nothing else."""
        # The settings go last: while they are there, the rest counts as a run.
        for path in (self.checkpoint, self.model, self.log, self.curves, self.per_class_csv, self.per_class_json):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.tensorboard, ignore_errors=True)
        self.config.unlink(missing_ok=True)

    def begin_replacing(self) -> RunFolder:
        """The folder for a run that will take the place of the one here, which stays whole until then."""
        begun = RunFolder(self.path / BEGUN, replaces=self)
        begun.discard()
        begun.path.mkdir()
        return begun

    def take_place(self) -> RunFolder:
        """Puts this run where the one that it replaces was, and gives the folder there.

        From the first renaming on the new run is whole, whatever is left of the old one: `recover` does the rest.
        """
        if self.replaces is None:
            return self
        self.path.rename(self.replaces.path / WHOLE)
        self.replaces.recover()
        return self.replaces

    def recover(self) -> None:
        """Ends a replacement that a kill cut off, in favour of the run that has a checkpoint."""
        whole, moving = self.path / WHOLE, self.path / MOVING
        if whole.is_dir():
            self.clear()
            whole.rename(moving)
        if moving.is_dir():
            for path in moving.iterdir():
                os.replace(path, self.path / path.name)
            moving.rmdir()
        RunFolder(self.path / BEGUN).discard()

    def discard(self) -> None:
        """Deletes the folder with all that is in it, if it is there."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write_config(self, config: TrainConfig, resolved: Mapping) -> None:
        """Stores the settings as given and, beside them, what they came to.

        Args:
            config: The settings.
            resolved: What they came to, JSON-ready.
        """
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

    def forget_files(self, split: str) -> None:
        """Lets the run be resumed with files of other names or sizes in a split.

        Args:
            split: Its name.

        Raises:
            ValueError: If there is no run, its settings are damaged, or the folder cannot be written.
        """
        stored = self._stored()
        stored["resolved"].get("data", {}).get(split, {}).pop("files", None)
        write_json(self.config, stored)

    def _stored(self) -> dict:
        if not self.holds_run:
            raise ValueError(f"{self.path} holds no run: there is no {self.config}. Start one without --resume.")
        stored = read_json(self.config)
        if not isinstance(stored, dict) or not {"settings", "resolved"} <= set(stored):
            raise ValueError(f"{self.config} is not that of a training run. Choose another folder.")
        return stored

    def resumed_config(self, given: Mapping) -> TrainConfig:
        """The run's settings for going on with it.

        Args:
            given: Settings that the caller names. Those of `FREE` may be others than they were; all else must be as
                it was.

        Returns:
            The settings of the run with those.

        Raises:
            ValueError: If there is no run, or a setting differs or is unknown; the message names it.
        """
        config = self.read_config()
        # How many devices is a matter of the strategy.
        wanted = config.replace(
            **{**({"devices": None} if "strategy" in given else {}), **given, "output": str(self.path)}
        )
        stored, asked = config.flat(), wanted.flat()
        differing = [name for name in stored if name not in (*FREE, "output") and stored[name] != asked[name]]
        if differing:
            changes = ", ".join(f"{name} was {stored[name]!r} and is {asked[name]!r}" for name in differing)
            raise ValueError(
                f"A resumed run keeps its settings, but {changes}. Leave that out, or start another run from what this "
                f"one has learned: --weights {self.path} with another --output."
            )
        return wanted

    def check_same_model(self, model: SegmentationModel) -> None:
        """Makes sure that the checkpoint holds the model that the run began with.

        Args:
            model: The checkpoint's.

        Raises:
            ValueError: If it holds another.
        """
        began = self.read_resolved()
        found = {"model": type(model).__name__, **model.settings}
        differing = [name for name in _SAME if name in began and began[name] != found.get(name)]
        if differing:
            changes = ", ".join(f"{name} {found.get(name)!r} instead of {began[name]!r}" for name in differing)
            raise ValueError(
                f"{self.checkpoint} is not of the run that {self.config} describes: it has {changes}. Restore the "
                f"run's own, or start another run from it: --weights {self.checkpoint} with another --output."
            )

    def check_same_data(self, dataset: DataSet | ImageData) -> None:
        """Makes sure that a run goes on with the data that it began with.

        Args:
            dataset: From `open_dataset` or `open_data`.

        Raises:
            ValueError: If the images or the labels differ.
        """
        began = self.read_resolved()
        counts = {split: dataset.count(split) for split in began["images"] if split in dataset.splits}
        if counts != began["images"] or dataset.labels.to_dict() != began["labels"]:
            raise ValueError(
                f"{dataset.path} has {counts} images of {dataset.labels.name!r}; by {self.config} the run began with "
                f"{began['images']} of {began['labels'].get('name')!r}. Give that data set, or start another run."
            )
        for split, record in began.get("data", {}).items():
            if record.get("files") and record_of(dataset, split).get("files") != record["files"]:
                raise ValueError(
                    f"{dataset.path} has other files in split {split!r} than when the run in {self.path} began: names "
                    "or sizes differ. Restore them, or start another run."
                )
