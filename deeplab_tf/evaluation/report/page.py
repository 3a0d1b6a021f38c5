"""The page of a report."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

import numpy as np

from deeplab_tf import page
from deeplab_tf.evaluation.evaluation import Evaluation, title
from deeplab_tf.evaluation.report.charts import COLORS
from deeplab_tf.progress import counted

HEADING, LETTERS = "Two models compared", ("A", "B")
_CONFUSED = 10


def write_report_page(
    path: str | os.PathLike,
    results: Mapping[str, Evaluation],
    pictures: Mapping[str, bytes],
    galleries: tuple[Sequence[tuple[str, bytes]], Sequence[tuple[str, bytes]]],
    *,
    heading: str,
    letters: tuple[str, str],
) -> None:
    """Writes the page of one model or of two.

    Args:
        path: The HTML file.
        results: By name of the model.
        pictures: PNGs by the names of their files.
        galleries: Caption and JPEG of the worst images, and of the best ones; or of those at which the first model is
            better, and the second.
        heading: Of the page, where it compares two.
        letters: What the tables and pictures call the two.

    Raises:
        ValueError: If the file cannot be written; the message names it.
    """
    found = list(results.values())
    rows = [result.per_class for result in found]
    classes = [
        {
            "name": name,
            "color": page.css_color(color),
            "share": rows[0][name]["share"],
            "accuracy": rows[0][name]["accuracy"],
            "boundary": [row[name].get("boundary_iou", math.nan) for row in rows],
            "ious": [row[name]["iou"] for row in rows],
        }
        for name, color in zip(found[0].labels.names, found[0].labels.colors)
    ]
    totals = {title(name): [result.totals[name] for result in found] for name in found[0].totals}
    page.write_page(
        path,
        _PAGE,
        names=list(results),
        heading=heading,
        letters=letters,
        colors=COLORS,
        result=found[0],
        images=counted(found[0].images, "image"),
        left_out=counted(len(found[0].skipped), "image"),
        rates=[f"{result.images / result.seconds:.1f}" for result in found if result.seconds],
        totals={name: values for name, values in totals.items() if not name.startswith("trimap")},
        classes=classes,
        confused=_confused(found[0]) if len(found) == 1 else [],
        pictures={name: page.data_uri(file, "png") for name, file in pictures.items()},
        galleries=[[(caption, page.data_uri(file)) for caption, file in shown] for shown in galleries],
        nan=math.isnan,
    )


def _confused(result: Evaluation) -> list[tuple[str, str, float, float]]:
    """The commonest errors: true class, predicted class, fraction of the true class, fraction of all errors."""
    counts = result.matrix.counts * (1 - np.eye(result.matrix.classes, dtype=np.int64))
    order = np.argsort(-counts, axis=None, kind="stable")[:_CONFUSED]
    pairs = [tuple(map(int, np.unravel_index(place, counts.shape))) for place in order]
    names, true = result.labels.names, result.matrix.counts.sum(1)
    return [
        (names[row], names[column], counts[row, column] / true[row], counts[row, column] / counts.sum())
        for row, column in pairs
        if counts[row, column]
    ]


_PAGE = """{% block title %}{{ names|join(" and ") }}: evaluation{% endblock %}
{% macro bars(ious, two, colors) %}
{% for iou in ious %}
<div class="bar" style="width:{{ "%.1f"|format(0 if nan(iou) else 100 * iou) }}%;background:{{ colors[loop.index0] }}
{%- if two %};height:7px{% endif %}"></div>
{% endfor %}
{% endmacro %}
{% macro number(value, signed=false) -%}
{% if nan(value) %}-{% else %}{{ ("%+.4f" if signed else "%.4f")|format(value) }}{% endif %}
{%- endmacro %}
{% block body %}
{% set two = names|length > 1 %}
{% if two %}
<h1>{{ heading }}</h1>
{% for name in names %}<p style="margin:.2em 0">{{ swatch(colors[loop.index0]) }}<b>{{ letters[loop.index0] }}</b>
{{ name }}</p>{% endfor %}
{% else %}<h1>{{ names[0] }}</h1>{% endif %}
<p class="note">{{ images }}, {{ result.labels.classes }} classes
({{ result.labels.name }}){% if rates %}, {{ rates|join(" and ") }} images per second{% endif %}.
{% if result.skipped %}{{ left_out }} left out.{% endif %}</p>
<div class="wide"><table style="width:auto;min-width:320px">
{% if two %}<tr><th class="l"><th>{{ letters|join("<th>"|safe) }}<th>Difference</tr>{% endif %}
{% for name, values in totals.items() %}
<tr><td class="l">{{ name[0]|upper }}{{ name[1:] }}{% for value in values %}<td>{{ number(value) }}{% endfor %}
{%- if two %}<td>{{ number(values[1] - values[0], true) }}{% endif %}</tr>
{% endfor %}</table></div>
<h2>Classes</h2>
<div class="wide"><table>
<tr><th class="l">Class<th class="l b">IoU
{% if two %}<th>{{ letters|join("<th>"|safe) }}<th>Difference
{%- else %}<th><th>Boundary IoU<th>Accuracy{% endif %}<th>Share</tr>
{% for class in classes %}
<tr{% if nan(class.ious[0]) %} class="none"{% endif %}><td class="l">{{ swatch(class.color) }}{{ class.name }}
<td class="b l">{{ bars(class.ious, two, colors) }}
{% for iou in class.ious %}<td>{{ number(iou) }}{% endfor %}
{% if two %}<td>{{ number(class.ious[1] - class.ious[0], true) }}
{% else %}<td>{{ number(class.boundary[0]) }}<td>{{ number(class.accuracy) }}{% endif %}
<td>{{ "%.2f"|format(100 * class.share) }} %</tr>
{% endfor %}</table></div>
<p class="note">Share: of the labelled pixels. A class that does not occur has no number. Also in
<a href="classes.csv">classes.csv</a> and <a href="metrics.json">metrics.json</a>.</p>
{% if pictures.trimap %}
<h2>Along the outlines</h2>
<p class="note">Mean IoU of the pixels at most so far from the ignore label or from another class.</p>
<img class="plain" src="{{ pictures.trimap }}" alt="Mean IoU by the width of the band">
{% endif %}
<h2>IoU and frequency</h2>
<img class="plain" src="{{ pictures.iou_by_frequency }}" alt="IoU of each class by its share of the pixels">
<h2>What is taken for what</h2>
{% if confused %}
<div class="wide"><table style="width:auto">
<tr><th class="l">Truth<th class="l">Predicted<th>Of the class<th>Of all errors</tr>
{% for truth, predicted, share, errors in confused %}
<tr><td class="l">{{ truth }}<td class="l">{{ predicted }}<td>{{ "%.1f"|format(100 * share) }} %
<td>{{ "%.1f"|format(100 * errors) }} %</tr>
{% endfor %}</table></div>
{% endif %}
{% for name, picture in pictures.items() if name.startswith("confusion") %}
{% if two %}<h3>{{ letters[loop.index0] }}</h3>{% endif %}
<img class="plain" src="{{ picture }}" alt="Confusion matrix">
<p class="note">The pixels: <a href="{{ name }}.csv">{{ name }}.csv</a>.</p>
{% endfor %}
{% for shown in galleries if shown %}
{% if two %}<h2>Where {{ letters[loop.index0] if galleries[0] else letters[1] }} is better</h2>
{% else %}<h2>{{ ["Worst images", "Best images"][loop.index0] }}</h2>{% endif %}
{{ gallery(shown, "Image, truth, prediction", "whole") }}
{% endfor %}
<p class="note">Every image: <a href="images.csv">images.csv</a>.</p>
{% if result.skipped %}
<h2>Left out</h2><ul>{% for reason in result.skipped %}<li>{{ reason }}</li>{% endfor %}</ul>
{% endif %}
{% endblock %}
"""
