"""The encoder's head of DeepLabv3 and v3+: an ASPP, or the cell that was searched in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeplab_tf.heads.aspp import aspp, default_atrous_rates
from deeplab_tf.heads.dense_prediction_cell import dense_prediction_cell
from deeplab_tf.layers import Norm


def encoder_head(
    x,
    *,
    output_stride: int,
    norm: Norm,
    atrous_rates: Sequence[int] | None = None,
    cell: str | Sequence[Mapping] | None = None,
    image_pooling: bool = True,
    separable: bool = False,
    filters: int = 256,
    dropout: float = 0.1,
):
    """ASPP, or a dense prediction cell, on the backbone's last map: DeepLabv3's head and DeepLabv3+'s encoder.

    Args:
        x: `[B, h, w, C]`, the backbone's last map.
        output_stride: That of `x`.
        norm: Settings of the normalisation.
        atrous_rates: Rates of the ASPP's branches; None follows the output stride.
        cell: The dense prediction cell that takes the ASPP's place; None keeps the ASPP.
        image_pooling: The ASPP has its image-level branch.
        separable: Separable convolutions in the ASPP.
        filters: Channels of the branches and of the projection.
        dropout: Fraction dropped after the projection, in training.

    Returns:
        `[B, h, w, filters]`.

    Raises:
        ValueError: If a dense prediction cell is given together with what only an ASPP has.

    Example:
        >>> encoder_head(keras.Input((33, 33, 320)), output_stride=16, norm=head_norm()).shape
        (None, 33, 33, 256)
    """
    if cell is None:
        rates = default_atrous_rates(output_stride) if atrous_rates is None else atrous_rates
        branches = {"separable": separable, "pooling": image_pooling}
        return aspp(x, rates, norm=norm, filters=filters, dropout=dropout, **branches)
    if atrous_rates is not None:
        raise ValueError(
            f"A dense prediction cell has its own rates, so atrous_rates={tuple(atrous_rates)} has nothing to act on. "
            "Leave one of the two out."
        )
    if not image_pooling:
        raise ValueError(
            "A dense prediction cell takes the ASPP's place, so image_pooling=False has nothing to act on. "
            "Leave one of the two out."
        )
    return dense_prediction_cell(x, cell, output_stride=output_stride, norm=norm, filters=filters, dropout=dropout)
