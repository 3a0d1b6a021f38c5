# The public names, which __init__.py imports when they are first used, and editors and type checkers read here.
from . import callbacks
from .config import TrainConfig
from .data_settings import DataSettings
from .groups import NetworkSettings, OptimisationSettings, RunSettings, ScheduleSettings
from .recipes import RECIPES, recipe
from .run import TrainResult
from .run_folder import RunFolder
from .stages import resume, train
from .workers import WorkerLost

__all__ = [
    "RECIPES",
    "DataSettings",
    "NetworkSettings",
    "OptimisationSettings",
    "RunFolder",
    "RunSettings",
    "ScheduleSettings",
    "TrainConfig",
    "TrainResult",
    "WorkerLost",
    "callbacks",
    "recipe",
    "resume",
    "train",
]
