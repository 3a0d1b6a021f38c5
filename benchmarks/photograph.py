"""The README's picture: a photograph, what a released network sees in it, and its reference mask.

python benchmarks/photograph.py deeplabv3_mnv2_pascal_trainval_frozen.pb
"""

from pathlib import Path

import click
import numpy as np

import deeplab_tf
from deeplab_tf.images import read_image, read_mask, write_image
from deeplab_tf.visualize import grid, overlay

PHOTOGRAPHS = Path(__file__).resolve().parents[1] / "docs/photographs"


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option("--output", default=str(PHOTOGRAPHS / "bird_segmented.jpg"), show_default=True)
def main(model: str, output: str) -> None:
    image = read_image(PHOTOGRAPHS / "bird.jpg")
    truth = read_mask(PHOTOGRAPHS / "bird_mask.png")
    segmenter = deeplab_tf.Segmenter(deeplab_tf.load_released(model))
    labels, spec = segmenter(image).labels, segmenter.labels
    bird, known = spec.names.index("bird"), truth != spec.ignore_label
    found, true = (labels == bird) & known, truth == bird
    click.echo(f"IoU of the bird {np.sum(found & true) / np.sum(found | true):.4f}")
    pictures = (image, overlay(image, labels, spec, legend=False), overlay(image, truth, spec, legend=False))
    write_image(output, grid([pictures], spec, titles=("photograph", "segmented", "reference mask"), height=360))


if __name__ == "__main__":
    main()
