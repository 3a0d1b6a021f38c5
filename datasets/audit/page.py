"""An audit as one HTML page that needs no other file: tables, bars, and pictures of the offenders."""

from __future__ import annotations

import base64
import io
import os

import jinja2
import numpy as np
from PIL import Image

from deeplab_tf.datasets.audit.contact_sheet import thumbnails
from deeplab_tf.datasets.audit.findings import KINDS, Finding
from deeplab_tf.datasets.audit.inspection import Inspection
from deeplab_tf.datasets.audit.sample import Sample
from deeplab_tf.files import replacing
from deeplab_tf.files.disk import DiskFull
from deeplab_tf.files.reading import shown
from deeplab_tf.images.files import open_image
from deeplab_tf.labels import LabelSpec

PICTURES_A_KIND = 4
_FILES_A_KIND = 50
_UNREAD = ("double_id", "unsafe_id")
_JPEG_QUALITY = 82


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
    text = _template().render(
        found=inspection,
        name=inspection.path.resolve().name,
        groups=groups,
        classes=[
            {"row": row, "color": "#{:02x}{:02x}{:02x}".format(*color), "bar": 100 * row[3] / largest}
            for row, color in zip(inspection.rows(), inspection.labels.colors)
        ],
        worst=[(split, name, kinds) for split, name, kinds in inspection.worst() if len(kinds) > 1],
        samples=[(caption, _data_uri(picture)) for caption, picture in pictures.samples],
    )
    try:
        with replacing(path) as temporary:
            temporary.write_text(shown(text), encoding="utf-8")
    except DiskFull:
        raise
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error}). Give an HTML file in a folder of yours.") from error


def _data_uri(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _template() -> jinja2.Template:
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ name }}: label audit</title>
<style>
body{font:16px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}
h1{margin-bottom:0}h2{margin-top:2em}h3{margin:1.6em 0 .3em;font-size:1em}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:2px 10px 2px 0;text-align:right;white-space:nowrap}th{font-weight:600;border-bottom:1px solid #ccc}
th.l,td.l{text-align:left}td.b{width:35%}.bar{height:12px;min-width:1px;border:1px solid #0002;box-sizing:border-box}
.swatch{display:inline-block;width:12px;height:12px;margin-right:8px;border:1px solid #999;vertical-align:-1px}
.tag{color:#fff;border-radius:3px;padding:1px 7px;font-size:.85em;margin-right:6px}
.error{background:#b3261e}.warning{background:#8a5a00}.none td{color:#999}
ul{margin:.3em 0;padding-left:1.3em;font-size:.9em}li{overflow-wrap:anywhere}
.wide{overflow-x:auto}
.pictures{display:flex;flex-wrap:wrap;gap:12px;margin:.6em 0}figure{margin:0;max-width:482px;width:calc(50% - 6px)}
img{max-width:100%;display:block;border:1px solid #ddd}figcaption{font-size:.8em;color:#555;overflow-wrap:anywhere}
code{background:#f4f4f4;padding:0 4px}.note{color:#555}
@media(max-width:700px){figure{width:100%}td.b,th.b{display:none}}
</style>
{% macro gallery(pictures) %}
<div class="pictures">
{% for caption, uri in pictures %}
<figure><img src="{{ uri }}" alt="Image and mask of {{ caption }}"><figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
</div>
{% endmacro %}
<h1>{{ name }}: label audit</h1>
{% if found.path|string != name %}<p class="note">{{ found.path }}</p>{% endif %}
<p>{{ found.images }} images ({% for split, count in found.splits.items() %}{{ split }} {{ count }}
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
<tr{% if not pixels %} class="none"{% endif %}><td>{{ id }}<td class="l"><span class="swatch"
style="background:{{ class.color }}"></span>{{ label }}
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
{% if group.pictures %}{{ gallery(group.pictures) }}{% endif %}
{% endfor %}
{% if worst %}
<h2>Worst offenders</h2>
<ul>{% for split, name, kinds in worst %}<li>{{ split }} {{ name }}: {{ kinds|join(", ") }}</li>{% endfor %}</ul>
{% endif %}
{% if samples %}
<h2>Samples</h2>
<p class="note">Image, and the same under its class colours. Values that are no class come out in magenta.</p>
{{ gallery(samples) }}
{% endif %}
</html>
"""
