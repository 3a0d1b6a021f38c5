"""The settings of a training run, checked when they are made and stored with the run."""

from __future__ import annotations

import dataclasses
import inspect
import os
import reprlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from deeplab_tf import checks
from deeplab_tf.datasets.pipeline.augmentation import Augmentation
from deeplab_tf.settings import Settings, fields_of
from deeplab_tf.training.data_settings import DataSettings
from deeplab_tf.training.groups import (
    NetworkSettings,
    OptimisationSettings,
    RunSettings,
    ScheduleSettings,
)
from deeplab_tf.training.optimisation.tables import check_said_once

GROUPS: dict[str, type[Settings]] = {
    "network": NetworkSettings,
    "data": DataSettings,
    "augmentation": Augmentation,
    "optimisation": OptimisationSettings,
    "schedule": ScheduleSettings,
    "run": RunSettings,
}
# Where each setting is kept: the group, and the field there.
_PLACES = {name: (group, field.name) for group, kind in GROUPS.items() for name, (field, _) in fields_of(kind).items()}
_NO_DEFAULT = dataclasses.MISSING
# Of a run that only shows whether everything works; the last one follows a validation within it.
FAST_STEPS = 3
# Version 1 had no groups and said no version.
VERSION = 2


@dataclasses.dataclass(frozen=True, init=False)
class TrainConfig:
    """All settings of a training run, in groups.

    Every setting can be given, read and replaced by its own name, which is also that of its option on the command line.
    `data`, `network` and `schedule` by themselves mean the folder, the further arguments of the model, and the
    schedule's name.

    A group may be given as a whole too, by its name: `network=NetworkSettings(...)`, `data=DataSettings(...)`,
    `augmentation=`, `optimisation=`, `schedule=` or `run=`. Single settings override what it says.

    Args:
        SETTINGS

    Raises:
        ValueError: If a setting is unknown, missing, or a value is not possible; the message says what is.

    Example:
        >>> config = TrainConfig(data="voc-tfrecords", output="runs/voc", steps=3000)
        >>> config.eval_steps, config.replace(steps=600).schedule.steps
        (300, 600)
    """

    # Not for `dataclasses.replace`, which would take data='folder' for the whole group and drop the rest of it.
    network: NetworkSettings = dataclasses.field(init=False)
    data: DataSettings = dataclasses.field(init=False)
    augmentation: Augmentation = dataclasses.field(init=False)
    optimisation: OptimisationSettings = dataclasses.field(init=False)
    schedule: ScheduleSettings = dataclasses.field(init=False)
    run: RunSettings = dataclasses.field(init=False)

    def __init__(self, **settings: Any):
        whole = {name: settings.pop(name) for name, kind in GROUPS.items() if isinstance(settings.get(name), kind)}
        _check_known(settings)
        for name, kind in GROUPS.items():
            object.__setattr__(self, name, _group(kind, whole.get(name), settings))
        if self.batch_norm == "frozen" and self.weights is None:
            raise ValueError(
                "batch_norm='frozen' keeps the statistics of trained weights, and there are none; received "
                "weights=None. Give weights or take batch_norm='train'."
            )

    def __getattr__(self, name: str) -> Any:
        if name in GROUPS or name not in _PLACES:
            raise AttributeError(f"{type(self).__name__} has no setting {name!r}; it has {list(_PLACES)}.")
        group, field = _PLACES[name]
        return getattr(getattr(self, group), field)

    @property
    def last_step(self) -> int:
        """The step at which the run ends: `steps`, or 3 of a `fast_dev_run`."""
        return min(self.steps, FAST_STEPS) if self.fast_dev_run else self.steps

    @property
    def eval_steps(self) -> int:
        """Steps between checkpoints, as resolved from `eval_every`."""
        if self.fast_dev_run:
            return min(self.last_step, FAST_STEPS - 1)
        return min(self.steps, self.eval_every or min(max(self.steps // 10, 100), 2000))

    def replace(self, **settings: Any) -> TrainConfig:
        """The same with some settings, or whole groups, replaced.

        Args:
            **settings: As for `TrainConfig`.

        Returns:
            Another `TrainConfig`.

        Raises:
            ValueError: As for `TrainConfig`.

        Example:
            >>> config.replace(learning_rate=0.007, augmentation=Augmentation(rotate=10))
        """
        whole = [name for name, kind in GROUPS.items() if isinstance(settings.get(name), kind)]
        kept = {name: value for name, value in self.flat().items() if _PLACES[name][0] not in whole}
        return type(self)(**{**kept, **settings})

    def flat(self) -> dict[str, Any]:
        """All settings by their own names, without the groups."""
        return {name: getattr(getattr(self, group), field) for name, (group, field) in _PLACES.items()}

    def check_said_once(self, given: Collection[str] = ()) -> None:
        """Makes sure that nothing is said twice, or of a loss, schedule or optimiser that has no such setting.

        Args:
            given: Names of settings that count as said even at their defaults.

        Raises:
            ValueError: If something is.
        """
        check_said_once(self.flat(), {*self.optimisation.changed(), *self.schedule.changed(), *given})

    def to_dict(self) -> dict:
        """A JSON-ready dictionary of the groups, with a version, that `TrainConfig.from_dict` reads back."""
        return {"version": VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping) -> TrainConfig:
        """The inverse of `to_dict`, also after a round trip through JSON, and of earlier versions without groups.

        Args:
            values: The dictionary.

        Returns:
            The settings.

        Raises:
            ValueError: If a setting is unknown, missing or not possible, or the version is a later one.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"Training settings are names and values; received {reprlib.repr(values)}.")
        if "version" not in values:
            return cls(**values)
        groups = dict(values)
        if groups.pop("version") != VERSION:
            raise ValueError(
                f"Training settings of version {reprlib.repr(values['version'])}; this deeplab-tf reads {VERSION} and "
                "those without a version. Take the deeplab-tf that wrote them, or a later one."
            )
        return cls(**_flattened(groups))


TrainConfig.__doc__ = (inspect.getdoc(TrainConfig) or "").replace(
    "    SETTINGS",
    "\n".join(f"    {', '.join(fields_of(kind))}: Settings of `{kind.__name__}`." for kind in GROUPS.values()),
)
TrainConfig.__signature__ = inspect.Signature(  # pyright: ignore[reportAttributeAccessIssue]
    [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default)
        for kind in GROUPS.values()
        for name, (field, _) in fields_of(kind).items()
    ]
)


def stage_folder(folder: str | os.PathLike, number: int) -> str:
    """The run folder of a stage, counted from 1, in that of all stages."""
    return str(Path(folder) / f"stage-{number}")


def _group(kind: type[Settings], whole: Any, settings: Mapping) -> Settings:
    """A group: of its own settings those that are given, else those of `whole`, else the defaults."""
    known = fields_of(kind)
    given = {field.name: settings[name] for name, (field, _) in known.items() if name in settings}
    if whole is not None:
        return dataclasses.replace(whole, **given)
    missing = [name for name, (field, _) in known.items() if field.name not in given and field.default is _NO_DEFAULT]
    if missing:
        raise ValueError(f"Training settings lack {missing}. Give them.")
    return kind(**given)


def _flattened(groups: Mapping) -> dict[str, Any]:
    settings = {}
    for name, group in groups.items():
        checks.one_of("a group of training settings", name, GROUPS)
        if not isinstance(group, Mapping):
            raise ValueError(f"Training settings of {name!r} are names and values; received {reprlib.repr(group)}.")
        flat = {field.name: flat for flat, (field, _) in fields_of(GROUPS[name]).items()}
        _check_known(group, flat)
        settings |= {flat[field]: value for field, value in group.items()}
    return settings


def _check_known(given: Mapping, known: Mapping = _PLACES) -> None:
    unknown = sorted(set(given) - set(known))
    if not unknown:
        return
    if unknown[0] in GROUPS:
        kind = GROUPS[unknown[0]].__name__
        checks.expect(False, unknown[0], given[unknown[0]], f"the group {kind}", f"Make one by {kind}(...).")
    hint = checks.meant(unknown[0], known)
    raise ValueError(f"Unknown training settings {unknown}; known are {list(known)}.{hint}")
