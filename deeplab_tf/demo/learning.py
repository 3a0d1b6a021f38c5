"""How one image is segmented while a network learns."""

from __future__ import annotations

import numpy as np

from deeplab_tf.training.callbacks.base import RunCallback


class Watched(RunCallback):
    """Keeps the labels of one image, before the first step and at every validation.

    Args:
        image: RGB, uint8 `[H, W, 3]`.

    Attributes:
        seen: By step, the labels, int32 `[H, W]`.
    """

    def __init__(self, image: np.ndarray):
        super().__init__()
        self._images, self.seen = image[None].astype(np.float32), {}

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self) -> None:
        logits = np.asarray(self.model([self._images], training=False))
        self.seen[self.state.step] = logits[0].argmax(-1).astype(np.int32)
