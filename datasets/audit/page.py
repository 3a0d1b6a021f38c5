"""An audit as one HTML page that needs no other file: tables, bars, and pictures of the offenders."""

from __future__ import annotations

import os

import numpy as np

from deeplab_tf import page
from deeplab_tf.datasets.audit.contact_sheet import thumbnails
from deeplab_tf.datasets.audit.findings import KINDS, Finding
from deeplab_tf.datasets.audit.inspection import Inspection
from deeplab_tf.datasets.audit.sample import Sample
from deeplab_tf.images.files import open_image
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import counted

PICTURES_A_KIND = 4
_FILES_A_KIND = 50
_UNREAD = ("double_id", "unsafe_id")


class Pictures:
    """Pictures for the page and the contact sheet: of samples, and of the first few offenders of every kind.

    Args:
        labels: The classes' colours.
    """

    def __init__(self, labels: LabelSpec):
        self.labels = labels
        self.samples: list[tuple[str, np.ndarray]] = []
        self.offenders: dict[str, list[tuple[str, np.ndarray]]] = {}

    def add(self, sample: Sample, findings: list[Finding], shown: bool) -> None:
        """Keeps the picture of `sample` if it is to be shown or is one of the first offenders of a kind."""
        wanting = [
            found.kind
            for found in findings
            if found.kind not in _UNREAD and len(self.offenders.setdefault(found.kind, [])) < PICTURES_A_KIND
        ]
        if not wanting and not shown:
            return
        mask = sample.mask if sample.mask is not None else _as_picture(sample.mask_file)
        if sample.image is None and mask is None:
            return
        entry = f"{sample.split}: {sample.name}", thumbnails(sample.image, mask, self.labels)
        if shown and sample.image is not None:
            self.samples.append(entry)
        for kind in wanting:
            self.offenders[kind].append(entry)


def _as_picture(file: str) -> np.ndarray | None:
    """A mask file that is none, as what it shows, uint8 `[H, W, 3]`; None where it shows nothing."""
    try:
        return np.asarray(open_image(file).image.convert("RGB"))
    except (OSError, ValueError):
        return None


def write_page(path: str | os.PathLike, inspection: Inspection, pictures: Pictures) -> None:
    """Writes the page.

    Args:
        path: The HTML file.
        inspection: The findings.
        pictures: Of the same data set.

    Raises:
        ValueError: If the file cannot be written; the message names it.
    """
    largest = max(*inspection.class_shares, 1e-12)
    groups = [
        {
            "kind": kind,
            "severity": KINDS[kind].severity,
            "title": KINDS[kind].title,
            "count": len(found),
            "details": [inspection.short(one.detail) for one in found[:_FILES_A_KIND]],
            "rest": max(len(found) - _FILES_A_KIND, 0),
            "pictures": [(caption, _data_uri(picture)) for caption, picture in pictures.offenders.get(kind, ())],
        }
        for kind, found in inspection.by_kind().items()
    ]
    page.write_page(
        path,
        _PAGE,
        found=inspection,
        images=counted(inspection.images, "image"),
        name=inspection.path.resolve().name,
        groups=groups,
        classes=[
            {"row": row, "color": page.css_color(color), "bar": 100 * row[3] / largest}
            for row, color in zip(inspection.rows(), inspection.labels.colors)
        ],
        worst=[(split, name, kinds) for split, name, kinds in inspection.worst() if len(kinds) > 1],
        samples=[(caption, _data_uri(picture)) for caption, picture in pictures.samples],
    )


def _data_uri(picture: np.ndarray) -> str:
    return page.data_uri(page.jpeg_bytes(picture))


_PAGE = """{% block title %}{{ name }}: label audit{% endblock %}
{% block body %}
<h1>{{ name }}: label audit</h1>
{% if found.path|string != name %}<p class="note">{{ found.path }}</p>{% endif %}
<p>{{ images }} ({% for split, count in found.splits.items() %}{{ split }} {{ count }}
{%- if not loop.last %}, {% endif %}{% endfor %}), {{ found.labels.classes }} classes.
{% for side, (low, median, high) in found.side_range().items() %}
{{ side|capitalize }} {{ low }} to {{ high }}, median {{ "%g"|format(median) }}.
{% endfor %}</p>
<p>{% if groups %}<b>{{ found.verdict() }}.</b>
{% if found.refused %}<code>--skip-bad</code> leaves the pairs with errors out.{% endif %}
{% else %}<b>Nothing found amiss.</b>{% endif %}</p>
{% if found.pixels %}
<h2>Classes</h2>
<div class="wide"><table>
<tr><th>Id<th class="l">Class<th class="l b">Share of the labelled pixels<th><th>Images<th>Of all<th>Weight</tr>
{% for class in classes %}{% set id, label, pixels, share, images, weight = class.row %}
<tr{% if not pixels %} class="none"{% endif %}><td>{{ id }}<td class="l">{{ swatch(class.color) }}{{ label }}
<td class="b l">{% if pixels %}<div class="bar" style="width:{{ "%.2f"|format(class.bar) }}%;
background:{{ class.color }}"></div>{% endif %}
<td>{{ "%.2f"|format(100 * share) }} %<td>{{ "{:,}".format(images) }}
<td>{{ "%.1f"|format(100 * images / found.images) }} %
<td>{{ "%.2f"|format(weight) if weight is not none else "" }}</tr>
{% endfor %}</table></div>
<p class="note">Ignored (id {{ found.labels.ignore_label }}): {{ "%.2f"|format(100 * found.ignore_share) }} % of
all pixels.
Weights are median frequency / frequency in the images that hold the class; one without pixels gets 1.</p>
{% endif %}
{% if groups %}<h2>Findings</h2>{% endif %}
{% for group in groups %}
<h3><span class="tag {{ group.severity }}">{{ group.count }} {{ group.severity }}{{ "s" if group.count > 1 }}</span>
{{ group.title }}</h3>
<ul>{% for detail in group.details %}<li>{{ detail }}</li>{% endfor %}
{% if group.rest %}<li>and {{ group.rest }} more</li>{% endif %}</ul>
{% if group.pictures %}{{ gallery(group.pictures, "Image and mask") }}{% endif %}
{% endfor %}
{% if worst %}
<h2>Worst offenders</h2>
<ul>{% for split, name, kinds in worst %}<li>{{ split }} {{ name }}: {{ kinds|join(", ") }}</li>{% endfor %}</ul>
{% endif %}
{% if samples %}
<h2>Samples</h2>
<p class="note">Image, and the same under its class colours. Values that are no class come out in magenta.</p>
{{ gallery(samples, "Image and mask") }}
{% endif %}
{% endblock %}
"""
