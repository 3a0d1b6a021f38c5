"""The frozen-graph reader against small graphs whose function TensorFlow itself computes."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.weights.formats.frozen_graph import read_frozen_graph

v1 = tf.compat.v1
rng = np.random.default_rng(0)


def _constant(shape, name, low=-1.0):
    return v1.constant(rng.uniform(low, 1, shape).astype(np.float32), name=name)


def _normalized(graph):
    """Convolution with stride 2, then an unfolded normalisation, as older releases have it."""
    with graph.as_default():
        image = v1.placeholder(tf.float32, (1, 9, 9, 3), name="image")
        kernel = v1.identity(_constant((3, 3, 3, 4), "A/Conv/weights"), name="A/Conv/weights/read")
        x = v1.nn.conv2d(image, kernel, strides=2, padding="SAME", name="A/Conv/Conv2D")
        norms = [_constant((4,), f"A/Conv/BatchNorm/{name}", low=0.1) for name in "gbmv"]
        x = v1.nn.fused_batch_norm(x, *norms, epsilon=1e-3, is_training=False, name="A/Conv/BatchNorm/Fused")[0]
        v1.identity(x, name="out")
    return "A/Conv"


def _depthwise(graph):
    """Dilated depthwise convolution with a scale and a shift behind it, through space-to-batch."""
    with graph.as_default():
        image = v1.placeholder(tf.float32, (1, 9, 9, 3), name="image")
        kernel = _constant((3, 3, 3, 1), "A/depthwise/depthwise_weights")
        x = v1.space_to_batch_nd(image, [2, 2], [[2, 3], [2, 3]], name="s2b")
        x = v1.nn.depthwise_conv2d_native(x, kernel, [1, 1, 1, 1], "VALID", name="A/depthwise/depthwise")
        x = v1.batch_to_space_nd(x, [2, 2], [[0, 1], [0, 1]], name="b2s")
        x = v1.multiply(x, _constant((3,), "A/depthwise/BatchNorm/Scaled"), name="mul")
        v1.raw_ops.Add(x=x, y=_constant((3,), "A/depthwise/BatchNorm/Offset"), name="out")
    return "A/depthwise"


def _moved_bias(graph):
    """A residual sum before the bias, the bias as first operand: what graph optimisers leave."""
    with graph.as_default():
        image = v1.placeholder(tf.float32, (1, 9, 9, 3), name="image")
        x = v1.nn.conv2d(image, _constant((1, 1, 3, 3), "A/project/weights"), strides=1, padding="SAME", name="conv")
        x = v1.add_n([image, x], name="sum")
        v1.raw_ops.Add(x=_constant((3,), "A/project/BatchNorm/Offset"), y=x, name="out")
    return "A/project"


def _write(build, path):
    graph = tf.Graph()
    scope = build(graph)
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return graph, scope


@pytest.mark.parametrize("build", [_normalized, _depthwise, _moved_bias])
def test_folded_convolution_computes_what_the_graph_computes(build, tmp_path):
    graph, scope = _write(build, tmp_path / "graph.pb")
    folded = read_frozen_graph(tmp_path / "graph.pb").convolutions[scope]
    image = rng.normal(size=(1, 9, 9, 3)).astype(np.float32)
    with v1.Session(graph=graph) as session:
        expected = session.run("out:0", {"image:0": image})

    if build is _depthwise:
        assert folded.rate == 2
        got = tf.nn.depthwise_conv2d(image, folded.kernel, [1, 1, 1, 1], "SAME", dilations=[2, 2]) + folded.bias
    else:
        got = tf.nn.conv2d(image, folded.kernel, folded.stride, "SAME") + folded.bias
    if build is _moved_bias:
        got += image
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_missing_tensor_is_named_with_the_file(tmp_path):
    path = tmp_path / "graph.pb"
    graph, _ = _write(_normalized, path)
    definition = graph.as_graph_def()
    kept = [node for node in definition.node if node.name != "A/Conv/BatchNorm/m"]
    del definition.node[:]
    definition.node.extend(kept)
    path.write_bytes(definition.SerializeToString())
    with pytest.raises(ValueError, match=r"graph\.pb.*A/Conv/BatchNorm/m.*missing"):
        read_frozen_graph(path)


def test_damaged_graph_is_named(tmp_path):
    path = tmp_path / "graph.pb"
    _write(_normalized, path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"graph\.pb.*cut off"):
        read_frozen_graph(path)


def test_variables_that_are_not_frozen_are_named(tmp_path):
    graph = tf.Graph()
    with graph.as_default():
        image = v1.placeholder(tf.float32, (1, 9, 9, 3))
        kernel = v1.placeholder(tf.float32, (1, 1, 3, 3), name="A/weights")
        v1.nn.conv2d(image, kernel, strides=1, padding="SAME")
    (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ValueError, match="not a constant"):
        read_frozen_graph(tmp_path / "graph.pb")


def test_weights_that_are_not_finite_or_absurd_are_refused(tmp_path):
    path = tmp_path / "graph.pb"
    graph, _ = _write(_normalized, path)
    for value, place in ((np.nan, "weights"), (np.inf, "BatchNorm/m"), (1e38, "weights")):
        definition = graph.as_graph_def()
        tensor = next(node for node in definition.node if node.name == f"A/Conv/{place}").attr["value"].tensor
        values = tf.make_ndarray(tensor).copy()
        values.flat[1] = value
        tensor.CopyFrom(tf.make_tensor_proto(values))
        path.write_bytes(definition.SerializeToString())
        with pytest.raises(ValueError, match=r"graph\.pb.*not finite, or larger than any"):
            read_frozen_graph(path)


def test_one_number_that_stands_for_a_huge_constant_is_refused(tmp_path):
    path = tmp_path / "graph.pb"
    graph, _ = _write(_normalized, path)
    definition = graph.as_graph_def()
    tensor = next(node for node in definition.node if node.name == "A/Conv/weights").attr["value"].tensor
    tensor.Clear()
    tensor.dtype = tf.float32.as_datatype_enum
    tensor.float_val.append(1.0)
    for side in (3, 3, 1 << 20, 1 << 20):
        tensor.tensor_shape.dim.add(size=side)
    path.write_bytes(definition.SerializeToString())
    with pytest.raises(ValueError, match=r"graph\.pb: its constants are larger than any network's"):
        read_frozen_graph(path)


def test_identities_in_a_circle_are_named(tmp_path):
    path = tmp_path / "graph.pb"
    graph, _ = _write(_normalized, path)
    definition = graph.as_graph_def()
    next(node for node in definition.node if node.name == "A/Conv/weights/read").input[0] = "A/Conv/weights/read"
    path.write_bytes(definition.SerializeToString())
    with pytest.raises(ValueError, match=r"graph\.pb cannot be read as a frozen graph"):
        read_frozen_graph(path)


def test_changed_bytes_end_in_a_value_error_or_weights(tmp_path):
    path = tmp_path / "graph.pb"
    _write(_normalized, path)
    content, generator, told = path.read_bytes(), np.random.default_rng(0), []
    for _ in range(200):
        changed = bytearray(content)
        for place in generator.integers(0, len(changed), 3):
            changed[place] = generator.integers(256)
        path.write_bytes(changed)
        try:
            read_frozen_graph(path)
        except ValueError as error:
            told.append(str(error))
    assert told
    assert [message for message in told if str(path) not in message] == []


@pytest.mark.shared
def test_damaged_released_graph_is_known_by_its_name(shared, tmp_path):
    name = "deeplabv3_mnv2_pascal_trainval_frozen.pb"
    content = bytearray((shared / "weights" / name).read_bytes())
    content[5_000_001] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} has the name of a released file, but not its content"):
        read_frozen_graph(tmp_path / name)
