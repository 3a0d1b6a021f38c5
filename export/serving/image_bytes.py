"""The signature that takes image files as they are: encoded bytes in, label PNGs out."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from deeplab_tf.images.decoding import decoded

# A small file may state any size, and would be decoded to it: more than most cameras have, a fifth of a gigabyte.
MOST_PIXELS = 2**26
# Without a size that the model is made for, the network sees the image unscaled, in memory that grows with it: a video
# frame of 3840x2160.
MOST_UNSCALED_PIXELS = 2**23


def image_bytes(labels: Callable, limit: tuple[int, int] | None, classes: int) -> Callable:
    """The function for a SavedModel's signature `image_bytes`.

    Args:
        labels: `(images, uint8 [B, H, W, 3]) -> labels, int32 [B, H, W]`.
        limit: (height, width) within which the model predicts, or None.
        classes: Of the model; above 256 the PNGs have 16 bits.

    Returns:
        A `tf.function` of `image_bytes`, string `[B]`. It gives `labels_bytes`, string `[B]`, a grey PNG of label ids
        for each image, `height` and `width`, int32 `[B]`, and `error`, string `[B]`. An image that cannot be decoded
        has an error, no bytes and the size 0x0; the others of the batch are not affected.
    """
    ids = tf.uint8 if classes <= 256 else tf.uint16
    most_pixels = MOST_PIXELS if limit else MOST_UNSCALED_PIXELS

    def one(encoded):
        image, error = decoded(encoded, most_pixels)

        def labels_png():
            return tf.io.encode_png(tf.cast(labels(image[None])[0][..., None], ids))

        labels_bytes = tf.cond(error == b"", labels_png, lambda: tf.constant(b""))
        height, width, _ = tf.unstack(tf.shape(image))
        return {"labels_bytes": labels_bytes, "height": height, "width": width, "error": error}

    results = {"labels_bytes": tf.string, "height": tf.int32, "width": tf.int32, "error": tf.string}
    signature = {name: tf.TensorSpec((), kind) for name, kind in results.items()}

    # One after the other: the network uses all processors, and memory stays that of one image.
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")], autograph=False)
    def function(image_bytes):
        return tf.map_fn(one, image_bytes, parallel_iterations=1, fn_output_signature=signature)

    return function
