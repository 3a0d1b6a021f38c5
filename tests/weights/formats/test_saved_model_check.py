"""A SavedModel's graph is looked at before any of it runs."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.cli import main
from deeplab_tf.images import write_image
from deeplab_tf.inference import open_predictor
from deeplab_tf.models import LRASPP, AutoDeepLab, DeepLabV1, DeepLabV2, DeepLabV3, DeepLabV3Plus
from deeplab_tf.weights.formats.saved_model_check import OPERATIONS, check_saved_model
from harness.tiny_model import photo, tiny_model
from harness.whole_image import whole_image_logits

LABELS = {"names": ["a", "b"], "name": "two"}


def saved(folder, body):
    """A SavedModel that looks like an export of two classes and runs `body` beside it."""
    image = tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")
    module = tf.Module()

    def labels(image):
        with tf.control_dependencies(body(image)):
            return {"labels": tf.zeros(tf.shape(image)[:3], tf.int32)}

    def probabilities(image):
        return {"probabilities": tf.zeros(tf.concat([tf.shape(image)[:3], [2]], 0))}

    module.labels, module.probabilities = (
        tf.function(each, [image], autograph=False) for each in (labels, probabilities)
    )
    signatures = {"serving_default": module.labels, "probabilities": module.probabilities}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "deeplab.json").write_text(json.dumps({"labels": LABELS, "pad_value": [127.5] * 3}))
    return folder


def python(_):
    return [tf.numpy_function(lambda: np.int32(os.getpid()), [], tf.int32)]


def in_a_loop(target):
    def body(image):
        return [tf.while_loop(lambda i: i < 1, lambda i: [i + tf.size(tf.io.matching_files(target))], [0])[0]]

    return body


BAD = {
    "ReadFile": lambda target: lambda _: [tf.io.read_file(target)],
    "WriteFile": lambda target: lambda _: [tf.io.write_file(target, "written")],
    "MatchingFiles": in_a_loop,
    "PyFunc|EagerPyFunc": lambda _: python,
    "SaveV2": lambda target: lambda _: [tf.raw_ops.SaveV2(
        prefix=target, tensor_names=["a"], shape_and_slices=[""], tensors=[tf.zeros(1)])],
    "RestoreV2": lambda target: lambda _: tf.raw_ops.RestoreV2(
        prefix=target, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32]),
    "PrintV2": lambda target: lambda _: [tf.print("x", output_stream=f"file://{target}")],
}  # fmt: skip


@pytest.mark.parametrize("operation", BAD)
def test_what_touches_files_or_python_is_refused(tmp_path, operation):
    target = tmp_path / "target"
    folder = saved(tmp_path / "stranger", BAD[operation](str(target)))
    with pytest.raises(ValueError, match=rf"stranger holds .*({operation}).*trust=True.*--trust"):
        open_predictor(folder)
    assert not target.exists()


def test_trust_opens_and_runs_it(tmp_path, capsys):
    target = tmp_path / "target"
    folder = saved(tmp_path / "stranger", BAD["WriteFile"](str(target)))
    write_image(tmp_path / "photo.png", photo(9, 9))
    command = ["segment", str(folder), str(tmp_path / "photo.png"), "--output", str(tmp_path / "out")]
    assert main(command) == 2
    assert "--trust" in capsys.readouterr().err
    assert not target.exists()
    assert main([*command, "--trust"]) == 0
    assert target.read_text() == "written"


def test_a_folder_without_logits_has_no_scores(tmp_path):
    predictor = open_predictor(saved(tmp_path / "stranger", lambda _: []))
    assert predictor.predict(photo(9, 9)).shape == (9, 9)
    with pytest.raises(ValueError, match="stranger has no logits, which max_side and wrappers need. .* export again"):
        predictor.scores(photo(9, 9)[None])
    with pytest.raises(ValueError, match="stranger has no logits"):
        open_predictor(tmp_path / "stranger", max_side=5)


def functions_of(graph):
    return graph.graph_def.library.function


def saver_of(functions):
    return next(each.signature.name for each in functions if "traced_save" in each.signature.name)


def test_saver_of_tensorflow_may_not_be_called(tmp_path):
    folder = saved(tmp_path / "stranger", lambda _: [])
    from tensorflow.core.protobuf import saved_model_pb2

    file = folder / "saved_model.pb"
    content = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    functions = functions_of(content.meta_graphs[0])
    saver = saver_of(functions)
    caller = next(each for each in functions if "labels" in each.signature.name)
    node = caller.node_def.add(name="hidden", op="PartitionedCall")
    node.attr["f"].func.name = saver
    file.write_bytes(content.SerializeToString())
    with pytest.raises(ValueError, match="stranger holds a call of the saver"):
        open_predictor(folder)


def as_a_signature(graph, saver):
    node = next(node for node in graph.object_graph_def.nodes if node.HasField("bare_concrete_function"))
    node.bare_concrete_function.concrete_function_name = saver


def as_a_method(graph, saver):
    node = next(node for node in graph.object_graph_def.nodes if node.HasField("function"))
    node.function.concrete_functions.append(saver)


def as_tensorflow_1_has_it(graph, saver):
    graph.ClearField("object_graph_def")


@pytest.mark.parametrize("change", [as_a_signature, as_a_method, as_tensorflow_1_has_it])
def test_saver_of_tensorflow_is_no_function_of_the_folder(tmp_path, change):
    folder = saved(tmp_path / "stranger", lambda _: [])
    from tensorflow.core.protobuf import saved_model_pb2

    file = folder / "saved_model.pb"
    content = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    (graph,) = content.meta_graphs
    change(graph, saver_of(functions_of(graph)))
    file.write_bytes(content.SerializeToString())
    with pytest.raises(ValueError, match="stranger holds (the saver as a function|a graph of TensorFlow 1)"):
        open_predictor(folder)


def test_function_that_bears_the_savers_name_is_looked_at(tmp_path):
    folder = saved(tmp_path / "stranger", BAD["ReadFile"]("x"))
    file = folder / "saved_model.pb"
    # Names of equal length, so that the file stays whole.
    content = file.read_bytes().replace(b"__inference_labels_", b"__inference_saver__")
    file.write_bytes(content)
    with pytest.raises(ValueError, match="ReadFile"):
        open_predictor(folder)


@pytest.mark.parametrize(
    "build",
    [
        lambda: tiny_model(DeepLabV3Plus, separable=True),
        lambda: tiny_model(atrous_rates=(6, 12)),
        lambda: DeepLabV1(classes=3, depth_multiplier=0.05, msc=True),
        lambda: DeepLabV2("resnet_18_v2", classes=3),
        lambda: LRASPP("mobilenet_v3_small", classes=3),
        lambda: DeepLabV3("pnasnet", classes=3, filters=8),
        lambda: DeepLabV3Plus("xception_41", classes=3, filters=8, dense_prediction_cell="cityscapes"),
        lambda: AutoDeepLab(classes=3),
    ],
    ids=["v3plus", "v3", "v1", "v2", "lr_aspp", "pnasnet", "cell", "auto_deeplab"],
)
def test_every_kind_of_model_is_made_of_the_listed_operations(build):
    image = tf.TensorSpec((None, None, None, 3), tf.uint8)
    model = build()
    graph = tf.function(
        lambda image: whole_image_logits(model, image), [image], autograph=False
    ).get_concrete_function()
    names = {node.op for node in graph.graph.as_graph_def().node}
    names |= {node.op for each in graph.graph.as_graph_def().library.function for node in each.node_def}
    assert names <= OPERATIONS


def test_damaged_graph_is_named(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 20)
    with pytest.raises(ValueError, match=rf"{tmp_path.name} cannot be read as a SavedModel"):
        check_saved_model(tmp_path)
