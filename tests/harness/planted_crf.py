"""Images with masks, and a network for them that finds their objects roughly: for searches of a dense CRF."""

import sys

import numpy as np

from deeplab_tf.evaluation import CRFGrid, search_crf
from deeplab_tf.inference.predictor import Predictor, scores_of
from deeplab_tf.labels import LabelSpec

SPEC = LabelSpec(("ground", "disc", "corner"), name="drawn")
GRID = CRFGrid((0.5, 3), (0.5, 3, 8, 40, 200), (0.5, 5, 20, 80, 200), spatial_weight=0.5, sigma_gamma=1)


def planted_image(seed: int, side: int = 24) -> dict:
    """A disc, and a small thing of its colour far away."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((side, side))
    labels = ((rows - 10 - 2 * seed % 3) ** 2 + (columns - 13) ** 2 < 50).astype(int)
    labels[18:, :6] = 2
    image = np.array([[90, 90, 90], [130, 120, 90], [130, 120, 90]])[labels] + random.normal(0, 9, (side, side, 3))
    labels[0] = 255
    return {"image": image.clip(0, 255).astype(np.uint8), "label": labels, "filename": f"{seed}.png"}


class Coarse(Predictor):
    """Sees every sixth pixel, by its colour, and is uncertain."""

    source, labels = "coarse", SPEC

    def __init__(self, certainty: float = 0.7):
        self.certainty, self.predicted = certainty, 0

    def scores(self, images):
        return np.stack([scores_of(self.probabilities(image)) for image in images])

    def probabilities(self, image):
        self.predicted += 1
        height, width = image.shape[:2]
        rows, columns = np.indices((height, width)) // 6 * 6
        seen = np.where(image[rows, columns, 0] < 110, 0, np.where((rows >= 18) & (columns < 6), 2, 1))
        noise = np.random.default_rng(int(image.sum())).dirichlet(np.ones(3), (height, width))
        return (self.certainty * np.eye(3)[seen] + (1 - self.certainty) * noise).astype(np.float32)


if __name__ == "__main__":
    search_crf(
        Coarse(), [planted_image(seed) for seed in range(5)], output=sys.argv[1], count=2, grid=GRID, iterations=3
    )
