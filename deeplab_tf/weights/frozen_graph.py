"""Reads the convolutions of a frozen TensorFlow 1 graph (`.pb`)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from deeplab_tf.weights.released_file import Convolution, ReleasedFile, scope_of

_CONVOLUTIONS = {"Conv2D", "DepthwiseConv2dNative"}
_SUMS = {"Add", "AddV2", "BiasAdd"}
_BATCH_NORMS = {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}


def read_frozen_graph(path: str | os.PathLike) -> ReleasedFile:
    """Reads every convolution of a frozen graph; scale, bias and normalisation behind it are folded in.

    Args:
        path: A `.pb` file with a GraphDef whose variables are constants.

    Returns:
        Its convolutions, in the order of the graph.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, no frozen graph, or a tensor is missing; the message names the file.
    """
    path = Path(path)
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path} is not a frozen graph, or it is cut off ({error}). Download it again.") from error
    return _Graph(path, graph).read()


class _Graph:
    def __init__(self, path: Path, graph):
        self.path = path
        self.nodes = {node.name: node for node in graph.node}
        self.consumers: dict[str, list] = {}
        for node in graph.node:
            for name in self.inputs(node):
                self.consumers.setdefault(name, []).append(node)

    @staticmethod
    def inputs(node) -> list[str]:
        return [name.split(":")[0] for name in node.input if not name.startswith("^")]

    def read(self) -> ReleasedFile:
        convolutions, window = {}, None
        for node in self.nodes.values():
            if node.op == "AvgPool":
                window = int(node.attr["ksize"].list.i[1])
            if node.op in _CONVOLUTIONS:
                convolutions[scope_of(self.constant_node(node, 1).name)] = self.convolution(node)
        return ReleasedFile(self.path, convolutions, window)

    def convolution(self, node) -> Convolution:
        kernel = self.constant(node, 1)
        depthwise = node.op == "DepthwiseConv2dNative"
        channels = kernel.shape[2] if depthwise else kernel.shape[3]
        scale, bias = np.ones(channels, np.float32), np.zeros(channels, np.float32)
        stride = int(node.attr["strides"].list.i[1])
        rate = int((list(node.attr["dilations"].list.i) or [1, 1, 1, 1])[1])
        before = self.nodes.get(self.inputs(node)[0])
        if before is not None and before.op == "SpaceToBatchND":
            rate = int(self.constant(before, 1)[0])
        while (follower := self.affine_follower(node)) is not None:
            node = follower
            if node.op == "Mul":
                factor = self.constant(node, 1)
                scale, bias = scale * factor, bias * factor
            elif node.op in _SUMS:
                bias = bias + self.constant(node, 1)
            elif node.op in _BATCH_NORMS:
                gamma, beta, mean, variance = (self.constant(node, index) for index in range(1, 5))
                factor = gamma / np.sqrt(variance + node.attr["epsilon"].f)
                scale, bias = scale * factor, (bias - mean) * factor + beta
        kernel = kernel * (scale[:, None] if depthwise else scale)
        return Convolution(kernel.astype(np.float32), bias.astype(np.float32), stride, rate)

    def affine_follower(self, node):
        """The one node behind `node` that scales, shifts or normalises it with constants, or only moves it."""
        followers = self.consumers.get(node.name, [])
        if len(followers) != 1:
            return None
        follower = followers[0]
        inputs = self.inputs(follower)
        if follower.op == "BatchToSpaceND" or follower.op in _BATCH_NORMS:
            return follower
        if follower.op in _SUMS | {"Mul"} and inputs[0] == node.name and self.is_constant(inputs[1]):
            return follower
        return None

    def is_constant(self, name: str) -> bool:
        node = self.nodes.get(name)
        # A name that no node bears is a constant that got lost; reading it gives the error that says so.
        return node is None or node.op == "Const" or (node.op == "Identity" and self.is_constant(self.inputs(node)[0]))

    def constant_node(self, node, index: int):
        """The constant that is input `index` of `node`, through identities."""
        name = self.inputs(node)[index]
        source = self.nodes.get(name)
        if source is None:
            raise ValueError(
                f"{self.path}: the tensor {name!r}, needed by {node.name!r}, is missing. "
                "Freeze the graph again with all its variables."
            )
        if source.op == "Identity":
            return self.constant_node(source, 0)
        if source.op != "Const":
            raise ValueError(
                f"{self.path}: {name!r} is a {source.op}, not a constant. Freeze the graph's variables first."
            )
        return source

    def constant(self, node, index: int) -> np.ndarray:
        source = self.constant_node(node, index)
        try:
            return tf.make_ndarray(source.attr["value"].tensor)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.path}: the tensor {source.name!r} cannot be read ({error}).") from error
