"""Data sets as TFRecords: converting, inspecting, and reading them for training and evaluation."""

from deeplab_tf.datasets.audit.inspect import inspect_dataset, inspect_pairs
from deeplab_tf.datasets.audit.inspection import Inspection
from deeplab_tf.datasets.builders.ade20k import convert_ade20k
from deeplab_tf.datasets.builders.camvid import convert_camvid
from deeplab_tf.datasets.builders.cityscapes import cityscapes_eval_ids, convert_cityscapes
from deeplab_tf.datasets.builders.coco import convert_coco
from deeplab_tf.datasets.builders.coco_export import convert_coco_export
from deeplab_tf.datasets.builders.folder import convert_folder
from deeplab_tf.datasets.builders.labelme import convert_labelme
from deeplab_tf.datasets.builders.pascal_context import convert_pascal_context
from deeplab_tf.datasets.builders.shapes import convert_shapes, draw_shapes
from deeplab_tf.datasets.builders.stanford_background import convert_stanford_background
from deeplab_tf.datasets.builders.voc import convert_voc
from deeplab_tf.datasets.convert import ConversionReport
from deeplab_tf.datasets.pipeline.batches import evaluation_images, training_batches
from deeplab_tf.datasets.pipeline.class_counts import ClassCounts, count_classes
from deeplab_tf.datasets.records.damage import explain_data_error, explained_data
from deeplab_tf.datasets.records.dataset import DataSet, open_dataset

__all__ = [
    "ClassCounts",
    "ConversionReport",
    "DataSet",
    "Inspection",
    "cityscapes_eval_ids",
    "convert_ade20k",
    "convert_camvid",
    "convert_cityscapes",
    "convert_coco",
    "convert_coco_export",
    "convert_folder",
    "convert_labelme",
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
    "open_dataset",
    "training_batches",
]
