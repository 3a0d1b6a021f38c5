"""HTML pages that need no other file: one style, pictures inside the page, text that is escaped."""

from __future__ import annotations

import base64
import io
import os

import jinja2
import numpy as np
from PIL import Image

from deeplab_tf.files import replacing
from deeplab_tf.files.disk import DiskFull
from deeplab_tf.files.reading import shown

_JPEG_QUALITY = 82
_STYLE = """
:root{color-scheme:light dark;--ink:#222;--soft:#555;--faint:#999;--line:#ccc;--code:#f4f4f4}
@media(prefers-color-scheme:dark){:root{--ink:#ddd;--soft:#aaa;--faint:#888;--line:#555;--code:#2a2a2a}}
body{font:16px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:var(--ink)}
h1{margin-bottom:0;overflow-wrap:anywhere}h2{margin-top:2em}h3{margin:1.6em 0 .3em;font-size:1em}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:2px 10px 2px 0;text-align:right;white-space:nowrap}th{font-weight:600;border-bottom:1px solid var(--line)}
th.l,td.l{text-align:left}td.b{width:35%}.bar{height:12px;min-width:1px;border:1px solid #8888;box-sizing:border-box}
.swatch{display:inline-block;width:12px;height:12px;margin-right:8px;border:1px solid #999;vertical-align:-1px}
.tag{color:#fff;border-radius:3px;padding:1px 7px;font-size:.85em;margin-right:6px}
.error{background:#b3261e}.warning{background:#8a5a00}.none td{color:var(--faint)}
ul{margin:.3em 0;padding-left:1.3em;font-size:.9em}li{overflow-wrap:anywhere}
.wide{overflow-x:auto}
.pictures{display:flex;flex-wrap:wrap;gap:12px;margin:.6em 0}figure{margin:0;max-width:482px;width:calc(50% - 6px)}
.whole figure{max-width:100%;width:100%}.four figure{width:calc(25% - 9px)}.four img{width:100%}
.broad{overflow-x:auto}.broad figure{max-width:none;width:100%;min-width:760px}.far figure{min-width:1700px}
img{max-width:100%;display:block;border:1px solid var(--line);box-sizing:border-box}
figcaption{font-size:.8em;color:var(--soft);overflow-wrap:anywhere}
img.plain{border:0}
code{background:var(--code);padding:0 4px;overflow-wrap:anywhere}.note{color:var(--soft)}
@media(max-width:700px){figure{width:100%}.four figure{width:calc(50% - 6px)}td.b,th.b{display:none}}
"""
_FRAME = (
    """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{% block title %}{% endblock %}</title>
<style>"""
    + _STYLE
    + """</style>
{% block body %}{% endblock %}
</html>
"""
)
_MACROS = """{% macro gallery(pictures, what, class="") %}
<div class="pictures {{ class }}">
{% for caption, uri in pictures %}
<figure><img src="{{ uri }}" alt="{{ what }} of {{ caption }}"><figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
</div>
{% endmacro %}
{% macro swatch(color) %}<span class="swatch" style="background:{{ color }}"></span>{% endmacro %}
"""


def write_page(path: str | os.PathLike, template: str, **values) -> None:
    """Writes a page in one move.

    Args:
        path: The HTML file.
        template: Jinja's, with the blocks `title` and `body`, which may call `gallery` and `swatch`; all else is the
            same on all pages.
        **values: What the template names.

    Raises:
        ValueError: If the file cannot be written; the message names it.

    Example:
        >>> write_page("mine.html", "{% block body %}<h1>{{ name }}</h1>{% endblock %}", name="Mine")
    """
    loader = jinja2.DictLoader({"frame": _FRAME, "macros": _MACROS})
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader)
    head = "{% extends 'frame' %}{% from 'macros' import gallery, swatch %}"
    text = environment.from_string(head + template).render(**values)
    try:
        with replacing(path) as temporary:
            temporary.write_text(shown(text), encoding="utf-8")
    except DiskFull:
        raise
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error}). Give an HTML file in a folder of yours.") from error


def jpeg_bytes(picture: np.ndarray) -> bytes:
    """A picture, uint8 `[H, W, 3]`, as a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def data_uri(file: bytes, kind: str = "jpeg") -> str:
    """The bytes of a picture's file as the address of a picture in a page."""
    return f"data:image/{kind};base64," + base64.b64encode(file).decode()


def css_color(color: tuple[int, int, int]) -> str:
    """A colour, RGB 0-255, as a page has it."""
    return "#{:02x}{:02x}{:02x}".format(*color)
