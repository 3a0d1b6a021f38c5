"""Variables of models and of checkpoints, by the checkpoint's names."""

import csv

import numpy as np

from deeplab_tf.weights.formats import variable_names


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
    """Names and shapes that the package gives a model's weights in a checkpoint."""
    by_layer = variable_names.model_variables(model).values()
    return {name: tuple(weight.shape) for variables in by_layer for name, weight in variables.items()}
