# The public names, which __init__.py imports when they are first used, and editors and type checkers read here.
from . import (
    cost,
    crf,
    datasets,
    evaluation,
    export,
    labels,
    layers,
    losses,
    metrics,
    models,
    nas,
    optimizers,
    progress,
    schedules,
    training,
    weights,
)
from .cost import model_cost
from .inference import Segmenter
from .labels import LabelSpec, label_spec
from .models import (
    LRASPP,
    AutoDeepLab,
    DeepLabV1,
    DeepLabV2,
    DeepLabV3,
    DeepLabV3Plus,
    create_model,
    load_model,
    save_model,
)
from .training import callbacks
from .weights import ZOO, load_released, recalibrate_batch_norm, transfer_weights

__version__: str
__all__ = [
    "LRASPP",
    "ZOO",
    "AutoDeepLab",
    "DeepLabV1",
    "DeepLabV2",
    "DeepLabV3",
    "DeepLabV3Plus",
    "LabelSpec",
    "Segmenter",
    "callbacks",
    "cost",
    "create_model",
    "crf",
    "datasets",
    "evaluation",
    "export",
    "label_spec",
    "labels",
    "layers",
    "load_model",
    "load_released",
    "losses",
    "metrics",
    "model_cost",
    "models",
    "nas",
    "optimizers",
    "progress",
    "recalibrate_batch_norm",
    "save_model",
    "schedules",
    "training",
    "transfer_weights",
    "weights",
]
