"""The encoder's head of DeepLabv3 and v3+: an ASPP, or the cell that was searched in its place."""

from __future__ import annotations

from collections.abc import Mapping

from deeplab_tf.heads.aspp import aspp, default_atrous_rates
from deeplab_tf.heads.dense_prediction_cell import dense_prediction_cell
from deeplab_tf.layers import head_norm


def encoder_head(x, settings: Mapping):
    """ASPP, or a dense prediction cell, on the backbone's last map: DeepLabv3's head and DeepLabv3+'s encoder.

    Args:
        x: `[B, h, w, C]`, the backbone's last map.
        settings: The model's arguments, of which `atrous_rates`, `dense_prediction_cell`, `image_pooling`,
            `separable`, `filters`, `dropout`, `output_stride` and `frozen_batch_norm` count here.

    Returns:
        `[B, h, w, filters]`.

    Raises:
        ValueError: If a dense prediction cell is given together with what only an ASPP has.
    """
    rates = settings["atrous_rates"]
    cell = settings["dense_prediction_cell"]
    if cell is not None:
        if rates is not None:
            raise ValueError(
                f"A dense prediction cell has its own rates, so atrous_rates={tuple(rates)} has nothing to act on. "
                "Leave one of the two out."
            )
        if not settings["image_pooling"]:
            raise ValueError(
                "A dense prediction cell takes the ASPP's place, so image_pooling=False has nothing to act on. "
                "Leave one of the two out."
            )
        return dense_prediction_cell(
            x,
            cell,
            output_stride=settings["output_stride"],
            norm=head_norm(settings["frozen_batch_norm"]),
            filters=settings["filters"],
            dropout=settings["dropout"],
        )
    return aspp(
        x,
        default_atrous_rates(settings["output_stride"]) if rates is None else rates,
        norm=head_norm(settings["frozen_batch_norm"]),
        filters=settings["filters"],
        separable=settings["separable"],
        pooling=settings["image_pooling"],
        dropout=settings["dropout"],
    )
