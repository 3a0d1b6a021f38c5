"""Sizes and cost of a network, and a drawing of it, without running it."""

from deeplab_tf.cost.counting import model_cost
from deeplab_tf.cost.drawing import check_drawing_path, draw_network
from deeplab_tf.cost.parts import Place, place
from deeplab_tf.cost.report import Group, LayerCost, ModelCost
from deeplab_tf.cost.skeleton import named_model, skeleton

__all__ = [
    "Group",
    "LayerCost",
    "ModelCost",
    "Place",
    "check_drawing_path",
    "draw_network",
    "model_cost",
    "named_model",
    "place",
    "skeleton",
]
