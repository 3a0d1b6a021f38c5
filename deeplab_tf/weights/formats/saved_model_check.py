"""What a SavedModel's graph would do, read before TensorFlow runs any of it."""

from __future__ import annotations

import re
from pathlib import Path

from deeplab_tf.checks import listing
from deeplab_tf.files.reading import reading, shown

# All that the exports of this package are made of, and the arithmetic that another network may need. Operations that
# read or write files, open connections, keep state or call Python are not among them. Those of data sets apply a
# function of the graph, which is looked at as well, to what they are given.
_NAMES = """
    Abs Add AddN AddV2 All Any ArgMax ArgMin AsString AvgPool BatchToSpaceND BiasAdd BitwiseAnd BroadcastTo Cast
    ClipByValue Concat ConcatV2 ConcatenateDataset Const Conv2D Cos Cumsum DatasetToSingleElement DecodeJpeg
    DecodePaddedRaw DecodePng DecodeRaw DepthwiseConv2dNative Div DivNoNan Einsum Elu EncodePng EnsureShape Equal Exp
    ExpandDims ExtractJpegShape Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Gather
    GatherV2 Greater GreaterEqual Identity IdentityN If IgnoreErrorsDataset IsFinite IsNan LeakyRelu Less LessEqual Log
    Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MapDataset MatMul Max MaxPool MaxPoolV2 Maximum Mean Min Minimum
    MirrorPad Mul Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2 PartitionedCall Placeholder Pow Prod Range Rank
    ReadVariableOp RealDiv Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
    ReverseV2 Round Rsqrt ScaleAndTranslate Select SelectV2 Selu Shape ShapeN Sigmoid Sign Sin Size Slice Softmax
    Softplus Softsign SpaceToBatchND Split SplitV Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall
    StatelessIf StatelessWhile StopGradient StridedSlice StringJoin StringLength Sub Substr Sum TakeDataset Tanh
    TensorDataset TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGetItem TensorListReserve
    TensorListSetItem TensorListStack TensorScatterUpdate Tile TopK TopKV2 Transpose Unpack VarHandleOp Where While
    ZerosLike
"""
OPERATIONS = frozenset(_NAMES.split())
# TensorFlow's own two functions for the variables, which stand in every SavedModel and are not called here.
SAVER = re.compile(r"__inference__traced_(save|restore)_\d+")
SAVER_OPERATIONS = OPERATIONS | {
    "AssignVariableOp", "MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename", "StaticRegexFullMatch",
}  # fmt: skip


def check_saved_model(folder: Path, trust: bool = False) -> set[str]:
    """Refuses a SavedModel whose graph could do more than arithmetic.

    Args:
        folder: The SavedModel.
        trust: Do not refuse it.

    Returns:
        The names of its signatures.

    Raises:
        ValueError: If it is damaged, or holds other operations than `OPERATIONS`; the message names them.

    Example:
        >>> sorted(check_saved_model(Path("served/1")))
        ['__saved_model_init_op', 'image_bytes', 'probabilities', 'serving_default']
    """
    with reading(folder, "a SavedModel", "Export or copy it again."):
        content = _parsed((folder / "saved_model.pb").read_bytes())
        if not content.meta_graphs:
            raise ValueError("it holds no graph")
        if not trust and (strange := sorted({name for graph in content.meta_graphs for name in _strange(graph)})):
            raise ValueError(
                f"{shown(folder)} holds {listing(strange)}, which no export of this package has: such "
                "a graph may read and write files or run programs. Open it only if you trust who made it: trust=True, "
                "on the command line --trust."
            )
        return {name for graph in content.meta_graphs for name in graph.signature_def}


def _parsed(content: bytes):
    # No public name leads to this message; it has been the format's root since its first version.
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel.FromString(content)


def _strange(graph) -> list[str]:
    """What a graph holds besides arithmetic."""
    functions = {function.signature.name: function.node_def for function in graph.graph_def.library.function}
    savers = {name for name in functions if SAVER.fullmatch(name)}
    found = [node.op for node in graph.graph_def.node if node.op not in OPERATIONS | functions.keys()]
    for name, nodes in functions.items():
        allowed = SAVER_OPERATIONS if name in savers else OPERATIONS
        for node in nodes:
            if node.op not in allowed and not (node.op in functions and node.op not in savers):
                found.append(node.op)
            if name not in savers and savers.intersection(_called(node)):
                found.append("a call of the saver")
    if savers.intersection(_named(graph.object_graph_def)):
        found.append("the saver as a function")
    if not graph.HasField("object_graph_def"):
        # TensorFlow would then run the graph's own nodes when it opens the folder.
        found.append("a graph of TensorFlow 1")
    return found


def _named(objects) -> set[str]:
    """The functions that objects of a SavedModel name, listed there or not."""
    nodes = [name for node in objects.nodes for name in node.function.concrete_functions]
    bare = [node.bare_concrete_function.concrete_function_name for node in objects.nodes]
    return {*objects.concrete_functions, *nodes, *bare}


def _called(node) -> list[str]:
    """The functions that a node's attributes name."""
    values = node.attr.values()
    return [value.func.name for value in values] + [each.name for value in values for each in value.list.func]
