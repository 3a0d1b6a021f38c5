"""Reads the convolutions of a frozen TensorFlow 1 graph (`.pb`)."""

from __future__ import annotations

import hashlib
import math
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.files.reading import reading
from deeplab_tf.weights.formats.known_files import check_known
from deeplab_tf.weights.formats.released_file import Convolution, ReleasedFile, scope_of

_CONVOLUTIONS = {"Conv2D", "DepthwiseConv2dNative"}
_SUMS = {"Add", "AddV2", "BiasAdd"}
MOST_NUMBERS = 2**29
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
    with reading(path, "a frozen graph", "It is damaged, cut off or another file. Download it again."):
        content = path.read_bytes()
        check_known(path, hashlib.sha256(content).hexdigest())
        # Only read: no operation of the graph is run.
        return _Graph(path, tf.compat.v1.GraphDef.FromString(content)).read()


class _Graph:
    def __init__(self, path: Path, graph):
        self.path, self.left = path, MOST_NUMBERS
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
                scope = scope_of(self.constant_node(node, self.inputs(node)[1]).name)
                convolutions[scope] = self.convolution(node, scope)
        return ReleasedFile(self.path, convolutions, window)

    def convolution(self, node, scope: str) -> Convolution:
        inputs = self.inputs(node)
        kernel, stride = self.constant(node, inputs[1]), int(node.attr["strides"].list.i[1])
        depthwise = node.op == "DepthwiseConv2dNative"
        channels = kernel.shape[2] if depthwise else kernel.shape[3]
        scale, bias, shifted = np.ones(channels, np.float32), np.zeros(channels, np.float32), False
        rate = int((list(node.attr["dilations"].list.i) or [1, 1, 1, 1])[1])
        before = self.nodes.get(inputs[0])
        if before is not None and before.op == "SpaceToBatchND":
            rate = int(self.constant(before, self.inputs(before)[1])[0])
        while (follower := self.affine_follower(node, scope)) is not None:
            node, constant = follower
            if node.op == "Mul":
                factor = self.constant(node, constant)
                scale, bias = scale * factor, bias * factor
            elif node.op in _SUMS:
                bias, shifted = bias + self.constant(node, constant), True
            elif node.op in _BATCH_NORMS:
                gamma, beta, mean, variance = (self.constant(node, name) for name in self.inputs(node)[1:5])
                factor = gamma / np.sqrt(variance + node.attr["epsilon"].f)
                scale, bias, shifted = scale * factor, (bias - mean) * factor + beta, True
        if not shifted:
            raise ValueError(
                f"{self.path}: no bias or normalisation was found behind the convolution {scope!r}. "
                "Give the graph as it was released, or freeze it again."
            )
        kernel = kernel * (scale[:, None] if depthwise else scale)
        return Convolution(kernel.astype(np.float32), bias.astype(np.float32), stride, rate)

    def affine_follower(self, node, scope: str):
        """The next node that scales, shifts, normalises or only moves `node`, and the name of its constant."""
        followers = self.consumers.get(node.name, [])
        if len(followers) != 1:
            return None
        follower = followers[0]
        if follower.op == "BatchToSpaceND" or follower.op in _BATCH_NORMS:
            return follower, ""
        others = [name for name in self.inputs(follower) if name != node.name]
        if len(others) != 1 or follower.op not in _SUMS | {"Mul", "AddN"}:
            return None
        if self.is_constant(others[0]):
            return follower, others[0]
        if follower.op != "Mul":
            # Graph optimisers move a bias behind the residual sum; its name tells whose it is.
            shift = self.affine_follower(follower, scope)
            if shift is not None and shift[0].op in _SUMS and scope_of(shift[1]) == scope:
                return shift
        return None

    def is_constant(self, name: str) -> bool:
        node = self.nodes.get(name)
        # A name that no node bears is a constant that got lost; reading it gives the error that says so.
        return node is None or node.op == "Const" or (node.op == "Identity" and self.is_constant(self.inputs(node)[0]))

    def constant_node(self, user, name: str):
        """The constant called `name` that `user` needs, through identities."""
        source = self.nodes.get(name)
        if source is None:
            raise ValueError(
                f"{self.path}: the tensor {name!r}, needed by {user.name!r}, is missing. "
                "Freeze the graph again with all its variables."
            )
        if source.op == "Identity":
            return self.constant_node(source, self.inputs(source)[0])
        if source.op != "Const":
            raise ValueError(
                f"{self.path}: {name!r} is a {source.op}, not a constant. Freeze the graph's variables first."
            )
        return source

    def constant(self, user, name: str) -> np.ndarray:
        source = self.constant_node(user, name)
        # One number may stand for a constant of any size.
        self.left -= math.prod(max(0, side.size) for side in source.attr["value"].tensor.tensor_shape.dim)
        if self.left < 0:
            raise ValueError(f"{self.path}: its constants are larger than any network's ({source.name!r}).")
        try:
            return tf.make_ndarray(source.attr["value"].tensor)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.path}: the tensor {source.name!r} cannot be read ({error}).") from error
