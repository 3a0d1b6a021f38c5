"""The page of a demo: its story in ten pictures, from the data to new images."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from deeplab_tf import page
from deeplab_tf.datasets import Inspection
from deeplab_tf.demo import pictures
from deeplab_tf.demo.folder import PAGE
from deeplab_tf.demo.learning import Watched
from deeplab_tf.demo.pictures import Photograph, Picture
from deeplab_tf.evaluation import Evaluation
from deeplab_tf.evaluation.report.charts import confusion_picture
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted
from deeplab_tf.training import TrainConfig


@dataclasses.dataclass(frozen=True)
class Demo:
    """What a demo has made.

    Args:
        output: Its folder.
        config: The settings of the training.
        labels: The classes.
        inspection: The audit of the data.
        samples: Some training images, mappings with `image` and `label`.
        example: The validation image that was watched.
        watched: How it was segmented while the network learned.
        result: The evaluation.
        worst: Of its images, those with the most errors.
        written: By path of the new images, their label PNG and overlay.
        forms: Header and rows of the table of exported forms.
        photographs: What a network of the user's choice sees in photographs, by their names.
        weights: That network's file or name.
        credit: Who made the photographs, where the demo chose them.
    """

    output: Path
    config: TrainConfig
    labels: LabelSpec
    inspection: Inspection
    samples: Sequence[Mapping]
    example: Mapping
    watched: Watched
    result: Evaluation
    worst: pictures.Worst
    written: Mapping[Path, tuple[Path, ...]]
    forms: Sequence[Sequence[str]]
    photographs: Mapping[str, Photograph]
    weights: str | None = None
    credit: str | None = None


@dataclasses.dataclass(frozen=True)
class Chapter:
    """A part of the story.

    Args:
        title: Of a few words.
        text: What is to be seen, in a sentence or two.
        pictures: In their order.
        layout: Two beside each other, or `four`; each as wide as the page (`whole`), or wider, to be scrolled
            (`broad`, `far`).
    """

    title: str
    text: str
    pictures: Sequence[Picture]
    layout: str = ""


def _chapters(demo: Demo) -> list[Chapter]:
    """The story; the shares of the classes, drawn by the page itself, come second."""
    output, config, labels, result = demo.output, demo.config, demo.labels, demo.result
    return [
        Chapter(
            "Images and masks",
            f"A data set is images and, for each, a mask with the class of every pixel. These {demo.inspection.images} "
            "are drawn: outline and pattern tell the class, and the border of a shape is not counted.",
            pictures.with_masks(demo.samples, labels),
            "four",
        ),
        Chapter(
            "The classes",
            "Most pixels are background, so that a network which finds nothing else would be right at most pixels. The "
            "audit measures this, and lists what is wrong with masks.",
            [],
        ),
        Chapter(
            "What the network trains on",
            f"Each time an image comes up it is scaled, mirrored and cropped to {config.crop_size} pixels by chance, "
            "so that no two steps are alike. Beyond the image lies grey, which is not counted.",
            pictures.crops(demo.samples[0], labels, config),
            "four",
        ),
        Chapter(
            "The network",
            "The backbone (blue) makes small maps of many channels, ASPP (orange) looks at them at several distances, "
            "and the decoder (green) adds the fine outlines of an early map.",
            [pictures.of_file(output / "network.png", "The blocks of the network, from the image to the classes")],
            "broad far",
        ),
        Chapter(
            "Training",
            f"Over {counted(config.steps, 'step')} the loss falls with the learning rate. Mean IoU is measured on "
            "images that the network never trains on, and the best model is kept.",
            [pictures.of_file(output / "run" / "curves.png", "Loss, learning rate and validation mean IoU by step")],
            "broad",
        ),
        Chapter(
            "One image while the network learns",
            "Before the first step the network guesses. What it had learned by the first validation and by the last "
            "stands beside the truth.",
            pictures.learned(demo.example, labels, demo.watched),
            "four",
        ),
        Chapter(
            "Truth and prediction",
            "From left to right: a validation image, its mask, and what the trained network says.",
            [pictures.of_file(output / "predictions.png", "Validation images, their masks and the predictions")],
        ),
        Chapter(
            "What is taken for what",
            "Each row is a true class, and shows in per cent as what its pixels were predicted. A perfect network has "
            "100 everywhere on the diagonal.",
            [Picture(page.data_uri(confusion_picture(result.matrix, labels), "png"), "Confusion matrix")],
        ),
        Chapter(
            "Where it is wrong",
            "The validation images with the most errors: image, truth, prediction, and the wrong pixels in red.",
            demo.worst.pictures,
            "whole",
        ),
        Chapter(
            "New images",
            "Images that played no part so far. The overlays in segmented/ also name the classes.",
            pictures.new_images(demo.written, labels),
            "four",
        ),
    ]


def write_demo_page(demo: Demo, seconds: float) -> None:
    """Writes the page, with all pictures in it.

    Args:
        demo: What it is about.
        seconds: How long all took.

    Raises:
        ValueError: If it cannot be written.
    """
    found = demo.inspection
    largest = max(found.class_shares)
    page.write_page(
        demo.output / PAGE,
        _PAGE,
        chapters=_chapters(demo),
        classes=[
            (page.css_color(color), name, share, 100 * share / largest)
            for color, name, share in zip(demo.labels.colors, demo.labels.names, found.class_shares)
        ],
        result=demo.result,
        forms=demo.forms,
        photographs=demo.photographs,
        weights=demo.weights,
        credit=demo.credit,
        minutes=f"{seconds / 60:.1f}",
    )


_PAGE = """{% block title %}deeplab-tf demo{% endblock %}
{% macro shown(pictures, layout) %}
<div class="pictures {{ layout }}"{{ " tabindex=0" if "broad" in layout }}>
{% for one in pictures %}
<figure><img src="{{ one.uri }}" alt="{{ one.alt }}">
{%- if one.caption %}<figcaption>{{ one.caption }}</figcaption>{% endif %}</figure>
{% endfor %}
</div>
{% endmacro %}
{% block body %}
<h1>deeplab-tf demo</h1>
<p>A network that was trained from scratch on drawn images, in ten pictures. On {{ result.images }} validation images
its mean IoU is <b>{{ "%.4f"|format(result.miou) }}</b> and {{ "%.1f"|format(100 * result.pixel_accuracy) }} % of the
pixels are right. All of it took {{ minutes }} minutes.</p>
{% if photographs %}
<h2>First, a real photograph</h2>
<p>What the network in <code>{{ weights }}</code> sees in it. It has nothing to do with the one that is trained
below.</p>
{% for name, one in photographs.items() %}
{{ shown(one.pictures, "") }}
<p>{% for color, label, share in one.classes %}{{ swatch(color) }}{{ label }} {{ "%.1f"|format(100 * share) }} %
&ensp;{% endfor %}</p>
{% endfor %}
{% if credit %}<p class="note">{{ credit }}.</p>{% endif %}
{% endif %}
{% for chapter in chapters %}
<h2>{{ loop.index }}. {{ chapter.title }}</h2>
<p>{{ chapter.text }}</p>
{% if chapter.pictures %}{{ shown(chapter.pictures, chapter.layout) }}
{% else %}
<div class="wide"><table>
{% for color, name, share, bar in classes %}
<tr><td class="l">{{ swatch(color) }}{{ name }}<td class="l" style="width:70%"><div class="bar" style="width:
{{- "%.1f"|format(bar) }}%;background:{{ color }}"></div><td>{{ "%.1f"|format(100 * share) }} %</tr>
{% endfor %}</table></div>
{% endif %}
{% endfor %}
<h2>The same network as files that run elsewhere</h2>
<p>Beside the model itself in Keras: size, time for one image on this machine, and at how many pixels the labels are
those of the model.</p>
<div class="wide"><table style="width:auto">
{% for row in forms %}{% set kind = "th" if loop.first else "td" %}
<tr>{% for cell in row %}<{{ kind }}{{ ' class="l"'|safe if loop.first }}>{{ cell }}{% endfor %}</tr>
{% endfor %}</table></div>
<h2>Files</h2>
<ul>
<li><a href="run/">run/</a>: the run folder with model.keras, log.csv, config.json
<li><a href="exported/">exported/</a>: SavedModel and TFLite
<li><a href="segmented/">segmented/</a>: label PNGs and overlays of the new images
{% if photographs %}<li><a href="photographs/">photographs/</a>: the same of the photograph
{% endif %}
<li><a href="audit.html">audit.html</a>: the classes, and what is wrong with the masks
<li><a href="metrics.json">metrics.json</a>: the IoU of each class
<li><a href="network.png">network.png</a>, <a href="contact_sheet.png">contact_sheet.png</a>: the network and more of
the images, at full size
<li><a href="drawn/">drawn/</a> and <a href="tfrecords/">tfrecords/</a>: the data, as drawn and as training reads it
</ul>
{% endblock %}
"""
