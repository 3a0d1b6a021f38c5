"""An exported SavedModel folder as a predictor."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images.scaling import FROM_MODEL, Fitting, is_from_model, limit_of, max_side_limit
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.labels import LabelSpec
from deeplab_tf.weights.formats.exported import EXTRA_FOLDER, LABELS_SIGNATURE, PROBABILITIES_SIGNATURE, SIDE_FILE
from deeplab_tf.weights.formats.saved_model_check import check_saved_model
from deeplab_tf.weights.formats.side_file import read_beside


class SavedModelPredictor(Predictor):
    """A SavedModel folder that `deeplab_tf.export` wrote.

    Its labels and probabilities come from its signatures, as any server gives them, which scale large images by
    themselves; its scores, and everything where `max_side` asks for another size, from the network in it.

    Args:
        path: The folder.
        trust: Run it even if its graph holds operations that no export of this package has, such as those that read
            and write files.
        max_side: As for `open_predictor`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it is damaged, was changed since its export, is from elsewhere, or is not to be trusted.

    Example:
        >>> report = deeplab_tf.export.export_saved_model("model.keras", "served/1")
        >>> SavedModelPredictor(Path("served/1")).predict(np.zeros((375, 500, 3), np.uint8)).shape
        (375, 500)
    """

    def __init__(self, path: Path, trust: bool = False, max_side=FROM_MODEL):
        self.source = shown(path)
        with reading(path, "a SavedModel", "Export or copy it again."):
            missing = {LABELS_SIGNATURE, PROBABILITIES_SIGNATURE} - check_saved_model(path, trust)
            if missing or not (path / EXTRA_FOLDER / SIDE_FILE).is_file():
                lacks = f"the signatures {sorted(missing)}" if missing else f"{EXTRA_FOLDER}/{SIDE_FILE}"
                raise ValueError(
                    f"{self.source} is a SavedModel without {lacks}, so it was not exported by this package. "
                    "Export the model with export_saved_model."
                )
            about = read_beside(path)
            self.labels = LabelSpec.from_dict(about["labels"])
            self._loaded = tf.saved_model.load(str(path))
            size = limit_of(about.get("image_size"), "image_size")
        self.limit = max_side_limit(max_side, size)
        self._fitting = Fitting(self.source, self.limit)
        self._as_served = is_from_model(max_side)
        if not self._as_served:
            self._check_has_logits()

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, h, w, classes]`, of RGB images, uint8 `[B, H, W, 3]`.

        Raises:
            ValueError: If the export is of a version that stored none.
        """
        self._check_has_logits()
        return self._loaded.logits(tf.convert_to_tensor(self._fitting.shrink(images)))

    def unlimited(self) -> SavedModelPredictor:
        """The network in it, without the scaling of its signatures, for images at their own size.

        Raises:
            ValueError: If the export is of a version that stored no logits.
        """
        self._check_has_logits()
        twin = copy.copy(self)
        twin.limit, twin._fitting, twin._as_served = None, Fitting(self.source, None), False
        return twin

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        return self._served(LABELS_SIGNATURE, "labels", image) if self._as_served else super().predict(image)

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._as_served:
            return self._served(PROBABILITIES_SIGNATURE, "probabilities", image)
        return super().probabilities(image)

    def _served(self, signature: str, output: str, image: np.ndarray) -> np.ndarray:
        # For the log alone: the signature scales the image.
        self._fitting(*image.shape[:2])
        return self._loaded.signatures[signature](image=tf.constant(image[None]))[output][0].numpy()

    def _check_has_logits(self) -> None:
        if not hasattr(self._loaded, "logits"):
            raise ValueError(
                f"{self.source} has no logits, which max_side and wrappers need. Leave them out, or export again."
            )
