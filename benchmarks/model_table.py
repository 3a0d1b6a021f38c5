"""The table of models in docs/models.md, counted again.

python benchmarks/model_table.py
"""

from __future__ import annotations

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from deeplab_tf.cost import ModelCost, model_cost, skeleton


@dataclasses.dataclass(frozen=True)
class Row:
    """A model of the family.

    Args:
        text: As `deeplab-tf describe` takes it.
        settings: The constructor's further arguments.
        note: What the arguments mean.
    """

    text: str
    settings: dict = dataclasses.field(default_factory=dict)
    note: str = ""


FINE = {"output_stride": 8}
ROWS = (
    Row("v1:large_fov"),
    Row("v1:7x7"),
    Row("v2:vgg_16", note="ASPP-L"),
    Row("v2:resnet_101_v2"),
    Row("v3:mobilenet_v2", {"atrous_rates": ()}, "image pooling only"),
    Row("v3:mobilenet_v2"),
    Row("v3:mobilenet_edgetpu_slim", {"atrous_rates": ()}, "image pooling only"),
    Row("v3:resnet_50_beta"),
    Row("v3:resnet_101_beta"),
    Row("v3:resnet_101_beta", FINE),
    Row("v3:resnet_101", {"cascade_blocks": 3}, "cascade to block 7"),
    Row("v3plus:mobilenet_v2"),
    Row("v3plus:resnet_50_beta"),
    Row("v3plus:resnet_101_beta"),
    Row("v3plus:xception_41"),
    Row("v3plus:xception_65"),
    Row("v3plus:xception_65", FINE),
    Row("v3plus:xception_71"),
    Row("v3plus:xception_71", {"dense_prediction_cell": "cityscapes"}, "dense prediction cell"),
    Row("lr_aspp:mobilenet_v3_large"),
    Row("lr_aspp:mobilenet_v3_small"),
    Row("auto_deeplab", {"classes": 21}, "20 filters"),
)
HEAD = (
    "| Model, 21 classes | Output stride | Parameters | Multiply-adds at 513x513 |",
    "| --- | --- | --- | --- |",
)


def row(model: Row, cost: ModelCost) -> str:
    """The Markdown row of a model."""
    name = f"`{model.text}`" + (f", {model.note}" if model.note else "")
    return f"| {name} | {cost.output_stride:g} | {cost.parameters:,} | {cost.multiply_adds / 1e9:.2f} G |"


def main() -> None:
    print(*HEAD, sep="\n")
    for model in ROWS:
        print(row(model, model_cost(skeleton(model.text, model.settings))), flush=True)


if __name__ == "__main__":
    main()
