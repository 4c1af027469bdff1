"""A drawn figure as inline SVG: the page's colours and font, ids of its own, nothing only a file would need."""

from __future__ import annotations

import io
import re
from typing import cast

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Stand-ins: each becomes the page's custom property of that name, so that a picture follows light and dark.
INK, SOFT, LINE, ACCENT, PAPER, BAND = (f"#0a0b{number:02x}" for number in range(1, 7))
_PROPERTIES = {INK: "ink", SOFT: "soft", LINE: "line", ACCENT: "accent", PAPER: "paper", BAND: "band"}

# Text stays text, also with the signs of money in it; ids come from what is drawn and not from chance.
STYLE = matplotlib.rc_context(
    {"svg.fonttype": "none", "svg.hashsalt": "report", "hatch.linewidth": 0.8, "text.parse_math": False}
)

_USELESS = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.DOTALL)
_ROOT = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', re.DOTALL)
_USED = re.compile(r'(url\(#|href="#)([\w.-]+)')
_ID = re.compile(r' id="([\w.-]+)"')
_FONT = re.compile(r"font: (?:(bold|\d+) )?([\d.]+)px [^;\"]*")
_FAMILY = re.compile(r"; font-family: [^;\"]*")
_UNTURNED = re.compile(r' transform="rotate\(-0 [^)]*\)"')


def inline_svg(axes: Axes, name: str) -> str:
    """The figure of `axes` as SVG; `name` sets its ids apart from those of other pictures."""
    buffer = io.StringIO()
    cast("Figure", axes.get_figure(root=True)).savefig(
        buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
    )
    text = buffer.getvalue()
    body = _USELESS.sub("", text[text.index("<svg") :])
    body = _ROOT.sub(r'<svg viewBox="\1" aria-hidden="true" focusable="false">', body, count=1)
    body = re.sub(r' id="(marks?)"', r' class="\1"', body).replace("xlink:href", "href")
    used = {found[1] for found in _USED.findall(body)}
    body = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    body = _USED.sub(rf"\g<1>{name}-\g<2>", body)
    body = _UNTURNED.sub("", _FAMILY.sub("", _FONT.sub(_sized, body)))
    for stand_in, property_ in _PROPERTIES.items():
        body = body.replace(stand_in, f"var(--{property_})")
    return re.sub(r"\s*\n\s*", "\n", body).strip()


def _sized(found: re.Match[str]) -> str:
    weight = f"; font-weight: {found[1]}" if found[1] else ""
    return f"font-size: {found[2]}px{weight}"
