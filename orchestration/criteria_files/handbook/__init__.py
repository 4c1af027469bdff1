"""The criteria handbook: the written criteria as pages people read, and as JSON for marketing automation.

`handbook_texts` is the front door: criteria and a moment in, texts by file name out. Nothing is read, written or asked
of the clock here; no lead and no decision is known. The texts change only when the criteria do, or a version comes into
force.
"""

from __future__ import annotations

from orchestration.criteria_files.handbook.texts import handbook_texts

__all__ = ["handbook_texts"]
