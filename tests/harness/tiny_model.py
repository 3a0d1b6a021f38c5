"""A small network whose weights look trained: normalisation with real statistics, decided logits."""

import keras
import numpy as np

from deeplab_tf.models import DeepLabV3


def tiny_model(model_class=DeepLabV3, seed: int = 0, **settings):
    """A quarter-width MobileNetV2 model of 4 classes; `settings` go to its constructor."""
    keras.utils.set_random_seed(seed)
    settings = {"classes": 4, "depth_multiplier": 0.25, "crop_size": 65, "filters": 16, **settings}
    if model_class is DeepLabV3:
        settings.setdefault("atrous_rates", ())
    model = model_class("mobilenet_v2", **settings)
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            values = [generator.uniform(0.8, 1.6, shape), generator.normal(0, 0.2, shape)]
            values += [generator.normal(0, 0.2, shape), generator.uniform(0.3, 1.2, shape)]
            layer.set_weights(values)
    _decide(model, photo(65, 65)[None])
    return model


def seeing_model(**settings):
    """As `tiny_model`, whose signal fades on its way, so that its logits depend on the place alone; not here."""
    model = tiny_model(**settings)
    images = np.stack([photo(65, 65, seed) for seed in range(4)])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # A call in training then leaves the statistics of its own batch.
            layer.momentum = 0.0
    model(images.astype(np.float32), training=True)
    _decide(model, images)
    return model


def _decide(model, images: np.ndarray) -> None:
    """Scales the logits of images to mean 0 and deviation 3."""
    classifier = model.get_layer("logits.semantic")
    logits = np.asarray(model(images.astype(np.float32)))
    mean, spread = logits.mean((0, 1, 2)), logits.std((0, 1, 2))
    kernel, bias = classifier.get_weights()
    classifier.set_weights([3 * kernel / spread, 3 * (bias - mean) / spread])


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Coarse random patches, uint8 `[height, width, 3]`."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8)
    return patches[np.arange(height)[:, None] * 4 // height, np.arange(width) * 5 // width]
