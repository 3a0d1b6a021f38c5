"""Variables of models and of checkpoints, by the checkpoint's names."""

import csv

import keras
import numpy as np

LEAVES = {
    "kernel": "weights",
    "bias": "biases",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}


def counts(model):
    """Number of values in the trainable weights, and in all that a checkpoint holds."""
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return trainable, sum(int(np.prod(weight.shape)) for weight in model.weights)


def checkpoint_variables(shared, table):
    """Names and shapes from a list of a checkpoint's variables, without the optimiser's."""
    with (shared / "reference" / "checkpoint_variables" / table).open() as file:
        return {
            row["variable"]: tuple(int(side) for side in row["shape"].split(","))
            for row in csv.DictReader(file, delimiter="\t")
            if row["shape"] and not row["variable"].endswith("/Momentum")
        }


def model_variables(model):
    """Names, by the rule that a layer's name is its scope with `.` for `/`, and shapes."""
    built = {}
    for layer in model.layers:
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        for weight in layer.weights:
            leaf = "depthwise_weights" if depthwise else LEAVES.get(weight.name, weight.name)
            built[f"{layer.name.replace('.', '/')}/{leaf}"] = tuple(weight.shape)
    return built
