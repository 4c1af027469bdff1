"""Puts what a benchmark measured between its markers of a page."""

from __future__ import annotations

import re
from pathlib import Path


def write_between(page: Path, told: str, *, name: str) -> None:
    """Replace what stands between `<!-- name: begin -->` and `<!-- name: end -->`. Raises ValueError without them."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise ValueError(f"{page.name} has no markers {begin} and {end}")
    inside = f"{begin}\n\n{told.strip()}\n\n{end}"
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: inside, text, flags=re.DOTALL), encoding="utf-8")
