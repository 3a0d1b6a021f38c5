"""OpenVINO and ONNX Runtime beside LiteRT and TensorFlow: are the labels equal, and how long does each take?

    pip install openvino onnxruntime tf2onnx
    python benchmarks/other_runtimes.py served/1 labels.tflite --images photos

What is converted is the network in an exported SavedModel, with free sizes and with fixed ones; OpenVINO reads the
`.tflite` file too. All take turns in one run, on the images padded to the file's input.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import tensorflow as tf

from deeplab_tf.evaluation.speed.machine import this_machine, use_threads
from deeplab_tf.evaluation.speed.timing import Times, rounds
from deeplab_tf.files.reading import reason
from deeplab_tf.images import read_image
from deeplab_tf.inference import TFLitePredictor
from deeplab_tf.inference.segmented_files import find_images
from deeplab_tf.progress import track

Labels = Callable[[np.ndarray], np.ndarray]


def of_saved_model(folder: Path, sides: tuple[int | None, int | None]) -> tf.types.experimental.GenericFunction:
    """Labels by the network in an export, without the scaling of large images that its signatures have."""
    loaded = tf.saved_model.load(str(folder))

    @tf.function(input_signature=[tf.TensorSpec((1, *sides, 3), tf.uint8, name="image")], autograph=False)
    def labels(image):
        return tf.argmax(loaded.logits(image), -1, output_type=tf.int32)

    labels.kept = loaded
    return labels


def openvino_labels(source, threads: int, precision: str) -> Labels:
    """Labels by OpenVINO, of a `.tflite` file or a function."""
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    model = openvino.convert_model(source if isinstance(source, Path) else source.get_concrete_function())
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, **settings})
    return lambda placed: compiled(placed[None])[0][0]


def onnx_labels(function, threads: int) -> Labels:
    """Labels by ONNX Runtime, of a function that tf2onnx converts."""
    import onnxruntime
    import tf2onnx

    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=18)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda placed: session.run(None, {session.get_inputs()[0].name: placed[None]})[0][0]


def runtimes(folder: Path, file: Path, threads: int) -> Iterator[tuple[str, Callable[[], Labels]]]:
    """By name, what opens each."""
    predictor = TFLitePredictor(file, threads=threads)
    fixed = predictor.canvas.height, predictor.canvas.width
    yield "LiteRT", lambda: predictor.run
    yield "OpenVINO, .tflite", lambda: openvino_labels(file, threads, "f32")
    # What it takes by itself where the processor has it.
    yield "OpenVINO, .tflite, bfloat16", lambda: openvino_labels(file, threads, "bf16")
    for name, sides in (("free sizes", (None, None)), ("fixed sizes", fixed)):
        function = of_saved_model(folder, sides)
        yield f"TensorFlow, {name}", lambda function=function: lambda placed: function(placed[None])[0].numpy()
        yield f"OpenVINO, {name}", lambda function=function: openvino_labels(function, threads, "f32")
        yield f"ONNX Runtime, {name}", lambda function=function: onnx_labels(function, threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("saved_model", type=Path)
    parser.add_argument("tflite", type=Path, help="of labels, from the same model")
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    canvas = TFLitePredictor(arguments.tflite).canvas
    images = [canvas.place(read_image(path))[0] for path in find_images(arguments.images)]
    functions, labels = {}, {}
    for name, opens in runtimes(arguments.saved_model, arguments.tflite, arguments.threads):
        try:
            function = opens()
            labels[name] = [function(image).astype(np.int32) for image in images]
        # What a converter raises is its own.
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {reason(error)}", flush=True)
        else:
            functions[name] = functools.partial(function, images[0])
    times = {name: Times() for name in functions}
    for _ in track(rounds(functions, arguments.runs, times), arguments.runs, "time", "round"):
        pass
    first, *_ = times
    print(f"{this_machine(arguments.threads)}\n{len(images)} images, median of {arguments.runs} runs of each")
    print(f"{'':28s}{'ms':>8s}{'relative':>10s}{'processor ms':>14s}{'relative':>10s}{'equal labels':>14s}")
    for name, taken in times.items():
        equal = np.mean([np.mean(one == other) for one, other in zip(labels[name], labels[first])])
        print(
            f"{name:28s}{1e3 * taken.median:8.1f}{taken.median / times[first].median:10.2f}"
            f"{1e3 * taken.processor_median:14.1f}{taken.processor_median / times[first].processor_median:10.2f}"
            f"{equal:14.4%}"
        )


if __name__ == "__main__":
    main()
