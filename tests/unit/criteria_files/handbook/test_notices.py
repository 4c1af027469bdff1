"""A version that comes into force is announced, once, with what it changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from orchestration.criteria_files import load_criteria
from orchestration.criteria_files.handbook.notices import notice_texts

VERSION = """\
  - version: {number}
    effective_from: 2026-0{number}-01T00:00:00Z
    note: "because of {number}"
    agreed: {{marketing: 2026-01-0{number}}}
    mql: {{require: fit_or_behaviour, behaviour: {{threshold: {number}, rules: [{{id: a, signal: asked, points: 9}}]}}}}
"""


def told(folder: Path, as_of: datetime, *known: str) -> dict[str, str]:
    (folder / "knee.yaml").write_text(
        "service_line: knee\nversions:\n" + "".join(VERSION.format(number=number) for number in (1, 2, 3))
    )
    return notice_texts(load_criteria(folder), as_of, known)


def test_a_version_that_began_is_announced_with_what_it_changed(tmp_path: Path) -> None:
    [(name, text)] = told(tmp_path, datetime(2026, 2, 15), "knee@1").items()
    assert name == "knee@2" and "# Knee: version 2 has come into force" in text
    assert "**Version 2 decides** since 1 February 2026" in text and "Agreed: marketing on 2026-01-02" in text
    assert "at least 1 point of behaviour" in text and "at least 2 points of behaviour" in text
    assert "Because of 2." in text and "Leads that are MQL or SQL already stay so." in text


def test_one_that_another_followed_at_once_is_announced_too(tmp_path: Path) -> None:
    found = told(tmp_path, datetime(2026, 3, 15), "knee@1")
    assert list(found) == ["knee@2", "knee@3"] and "version 3" not in found["knee@2"]


def test_what_is_known_or_still_to_come_is_not(tmp_path: Path) -> None:
    assert told(tmp_path, datetime(2026, 2, 15), "knee@1", "knee@2") == {}
    assert told(tmp_path, datetime(2025, 12, 1)) == {}
