"""How near each form of a network comes to what this machine can multiply at best, in one interleaved run.

    python benchmarks/prediction_bound.py
    python benchmarks/prediction_bound.py --model model.keras --int8 int8.tflite --runs 60

The bound is XNNPACK's best 1x1 convolution, 1024 to 1024 channels on 64x64, in float and in 8 bits: a network's
multiply-adds at that rate. Ratios are those of medians; with `--threads 2` processor time is about twice the time.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import deeplab_tf
from deeplab_tf.cost import model_cost
from deeplab_tf.evaluation.speed.machine import this_machine, use_threads
from deeplab_tf.evaluation.speed.timing import Times, rounds
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.export.parity import synthetic_images
from deeplab_tf.inference import open_predictor
from deeplab_tf.progress import track
from deeplab_tf.weights.formats import tflite_runtime

RELEASED = Path(__file__).resolve().parents[2] / "shared/weights/deeplabv3_mnv2_pascal_quant.tflite"
SIDE, CHANNELS = 64, 1024
MULTIPLY_ADDS = SIDE**2 * CHANNELS**2
FLOAT_BOUND, INT8_BOUND = "1x1 convolution, float", "1x1 convolution, int8"
FLOAT, SAVED, KERAS, LIVE = "float TFLite", "SavedModel", ".keras file", "model in memory"
INT8, OLD = "int8 TFLite", "released 8-bit"
RATIOS = (
    (FLOAT, FLOAT_BOUND), (SAVED, FLOAT), (KERAS, FLOAT), (LIVE, FLOAT), (INT8, INT8_BOUND), (INT8, FLOAT), (INT8, OLD),
    (OLD, FLOAT),
)  # fmt: skip


def convolution(int8: bool) -> bytes:
    """A `.tflite` file of the 1x1 convolution alone."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    kernel = tf.constant(generator.normal(0, 0.03, (1, 1, CHANNELS, CHANNELS)), tf.float32)
    shape = (1, SIDE, SIDE, CHANNELS)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)], autograph=False)
    def convolve(maps):
        return tf.nn.conv2d(maps, kernel, 1, "VALID")

    converter = tf.lite.TFLiteConverter.from_concrete_functions([convolve.get_concrete_function()])
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([generator.normal(0, 1, shape).astype(np.float32)] for _ in "ab")
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def runner(content: bytes, threads: int) -> Callable[[], None]:
    """What runs a `.tflite` file on a random input."""
    interpreter = tflite_runtime.interpreter(model_content=content, threads=threads)
    taken = interpreter.get_input_details()[0]
    values = np.random.default_rng(0).integers(-100, 100, taken["shape"]).astype(taken["dtype"])
    interpreter.set_tensor(taken["index"], values)
    return interpreter.invoke


def measured(arguments: argparse.Namespace, folder: Path) -> tuple[dict[str, Times], float]:
    """Times by name, and the multiply-adds of the network."""
    read = deeplab_tf.load_model if arguments.model else deeplab_tf.load_released
    model = read(arguments.model or arguments.released)
    export_tflite(model, folder / "float.tflite", size=arguments.size)
    export_saved_model(model, folder / "saved")
    model.save(folder / "model.keras")
    sources = {FLOAT: folder / "float.tflite", SAVED: folder / "saved", KERAS: folder / "model.keras", LIVE: model}
    sources[INT8] = arguments.int8
    sources[OLD] = arguments.released if not arguments.model else None
    height = width = arguments.size
    image = synthetic_images(height, width)[0]
    functions = {
        FLOAT_BOUND: runner(convolution(int8=False), arguments.threads),
        INT8_BOUND: runner(convolution(int8=True), arguments.threads),
        **{
            name: functools.partial(open_predictor(source, arguments.threads).predict, image)
            for name, source in sources.items()
            if source is not None
        },
    }
    for function in functions.values():
        for _ in range(3):
            function()
    times = {name: Times() for name in functions}
    for _ in track(rounds(functions, arguments.runs, times), arguments.runs, "time", "round"):
        pass
    return times, model_cost(model, (height, width)).multiply_adds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--released", type=Path, default=RELEASED, help="a released .tflite file")
    parser.add_argument("--model", type=Path, help="a .keras file; the released file's network when left out")
    parser.add_argument("--int8", type=Path, help="an int8 .tflite file of the same network")
    parser.add_argument("--size", type=int, default=513)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=40)
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        times, multiply_adds = measured(arguments, Path(folder))
    print(this_machine(arguments.threads))
    size = f"{arguments.size}x{arguments.size}"
    print(f"{size}, {multiply_adds / 1e9:.2f} G multiply-adds, median (quartiles) of {arguments.runs} runs")
    for name, taken in times.items():
        low, high = taken.quartiles
        print(
            f"{name:24s}{1e3 * taken.median:8.1f} ms ({1e3 * low:.1f}-{1e3 * high:.1f}), "
            f"processor {1e3 * taken.processor_median:.1f} ms"
        )
    share = dict.fromkeys((FLOAT_BOUND, INT8_BOUND), multiply_adds / MULTIPLY_ADDS)
    for name, part in share.items():
        rate = MULTIPLY_ADDS / times[name].median / 1e9
        print(f"{name}: {rate:.0f} G multiply-adds a second, bound {1e3 * part * times[name].median:.1f} ms")
    for first, second in RATIOS:
        if first in times and second in times:
            one, other, part = times[first], times[second], share.get(second, 1)
            ratio = one.median / other.median / part
            processor = one.processor_median / other.processor_median / part
            what = f"{first} / {'bound' if second in share else second}"
            print(f"{what:32s}{ratio:6.2f}, processor time {processor:.2f}")


if __name__ == "__main__":
    main()
