# The public names, which __init__.py imports when they are first used, and editors and type checkers read here.
from . import callbacks
from .config import TrainConfig
from .groups import DataSettings, NetworkSettings, OptimisationSettings, RunSettings, ScheduleSettings
from .run import TrainResult, resume, train
from .run_folder import RunFolder

__all__ = [
    "DataSettings",
    "NetworkSettings",
    "OptimisationSettings",
    "RunFolder",
    "RunSettings",
    "ScheduleSettings",
    "TrainConfig",
    "TrainResult",
    "callbacks",
    "resume",
    "train",
]
