"""A small network whose weights look trained: normalisation with real statistics, decided logits."""

import keras
import numpy as np

from deeplab_tf.models import DeepLabV3


def tiny_model(model_class=DeepLabV3, seed: int = 0, *, backbone: str = "mobilenet_v2", **settings):
    """A quarter-width model of 4 classes; `settings` go to its constructor. `resnet_18` is traced in half the time.

    Random normalisation would let the image fade on its way, until the logits depend on the place alone; each layer
    here has the statistics that it sees of some photos.
    """
    keras.utils.set_random_seed(seed)
    settings = {"classes": 4, "depth_multiplier": 0.25, "crop_size": 65, "filters": 16, **settings}
    if model_class is DeepLabV3:
        settings.setdefault("atrous_rates", ())
    model = model_class(backbone, **settings)
    generator = np.random.default_rng(seed)
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in normalizations]
    for layer in normalizations:
        layer.gamma.assign(generator.uniform(0.8, 1.6, layer.gamma.shape))
        layer.beta.assign(generator.normal(0, 0.2, layer.beta.shape))
        # A call in training then leaves the statistics of its own batch.
        layer.momentum = 0.0
    images = np.stack([photo(65, 65, number) for number in range(4)]).astype(np.float32)
    model(images, training=True)
    for layer, momentum in zip(normalizations, momenta):
        layer.momentum = momentum
    _decide(model, images)
    return model


def _decide(model, images: np.ndarray) -> None:
    """Scales the logits of images to mean 0 and deviation 3."""
    classifier = model.get_layer("logits.semantic")
    logits = np.asarray(model(images))
    mean, spread = logits.mean((0, 1, 2)), logits.std((0, 1, 2))
    kernel, bias = classifier.get_weights()
    classifier.set_weights([3 * kernel / spread, 3 * (bias - mean) / spread])


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Coarse random patches, uint8 `[height, width, 3]`."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8)
    return patches[np.arange(height)[:, None] * 4 // height, np.arange(width) * 5 // width]
