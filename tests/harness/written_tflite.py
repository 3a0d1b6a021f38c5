"""Networks of a few operations as `.tflite` files, made in a moment."""

import tensorflow as tf


def write_tflite(path, function, shape=(1, 9, 9, 3), dtype=tf.uint8):
    """Writes what `function` does with `[1, H, W, 3]`; gives `path`."""
    module = tf.Module()
    module.run = tf.function(function, [tf.TensorSpec(shape, dtype)], autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    path.write_bytes(converter.convert())
    return path
