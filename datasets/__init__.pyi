# The public names, which __init__.py imports when they are first used, and editors and type checkers read here.
from .audit.inspect import inspect_dataset, inspect_pairs
from .audit.inspection import Inspection
from .builders.cityscapes import cityscapes_eval_ids
from .builders.coco_export import convert_coco_export
from .builders.folder import convert_folder
from .builders.labelme import convert_labelme
from .builders.labelme_writing import write_labelme
from .builders.shapes import convert_shapes, draw_shapes
from .convert import ConversionReport, convert_pairs
from .converters import (
    convert_ade20k,
    convert_camvid,
    convert_cityscapes,
    convert_coco,
    convert_dataset,
    convert_pascal_context,
    convert_stanford_background,
    convert_voc,
)
from .labelled_images import labelled_images
from .open_data import open_data
from .pipeline.augmentation import Augmentation
from .pipeline.batches import batch_files, evaluation_images, training_batches
from .pipeline.class_counts import ClassCounts, count_classes
from .records.damage import explain_data_error, explained_data
from .records.dataset import DataSet, open_dataset
from .records.pairs import Pair

__all__ = [
    "Augmentation",
    "ClassCounts",
    "ConversionReport",
    "DataSet",
    "Inspection",
    "Pair",
    "batch_files",
    "cityscapes_eval_ids",
    "convert_ade20k",
    "convert_camvid",
    "convert_cityscapes",
    "convert_coco",
    "convert_coco_export",
    "convert_dataset",
    "convert_folder",
    "convert_labelme",
    "convert_pairs",
    "convert_pascal_context",
    "convert_shapes",
    "convert_stanford_background",
    "convert_voc",
    "count_classes",
    "draw_shapes",
    "evaluation_images",
    "explain_data_error",
    "explained_data",
    "inspect_dataset",
    "inspect_pairs",
    "labelled_images",
    "open_data",
    "open_dataset",
    "training_batches",
    "write_labelme",
]
