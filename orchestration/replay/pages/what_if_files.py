"""A what-if as the files people take away: the page, the picture and the figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models_ml.what_if import AFTER, BEFORE, Bounded, Group, count_change, rate, rate_change
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.lake.private_files import write_bytes
from orchestration.replay.pages.what_if_page import PICTURE, what_if_page
from orchestration.replay.what_if import WhatIf
from orchestration.report.what_if_figures import what_if_png


def what_if_texts(answer: WhatIf) -> dict[str, bytes]:
    """File name → content, of `what_if.md`, `what_if.png` and `what_if.json`."""
    page = what_if_page(answer)
    edits = [
        (f"{each.edit.rule_id or each.edit.section}: {each.edit.what}", each.gained_alone, each.lost_alone)
        for each in answer.edits
    ]
    page_text = f"{markdown_text(page)}\n![MQLs a week, and what each edit does alone]({PICTURE})\n"
    return {
        "what_if.md": page_text.encode(),
        PICTURE: what_if_png(page.title, answer.leads, edits),
        "what_if.json": (json.dumps(what_if_figures(answer), indent=1, allow_nan=False) + "\n").encode(),
    }


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write them into the folder, each whole or not at all. Raises OSError."""
    for name, content in contents.items():
        write_bytes(folder / name, content)


def what_if_figures(answer: WhatIf) -> dict[str, Any]:
    """The figures as plain data; leads by count alone."""
    trial = answer.trial
    return {
        "service_line": trial.line,
        "tried": trial.tried.name if trial.tried else None,
        "before": trial.before.name if trial.before else None,
        "is_as_decided": trial.is_as_decided,
        "since": trial.since.isoformat() + "Z",
        "as_of": answer.as_of.isoformat() + "Z",
        "horizon_days": answer.horizon_days,
        "record_count": answer.records,
        # Where something is tried, every decision under it has another version's name.
        "difference_count": answer.differences if trial.is_as_decided else None,
        "untried": list(trial.untried),
        "mql_changes": _counts(answer, "change"),
        "sql_changes": _counts(answer, "sql_change"),
        "sql": _effects(answer.groups),
        "appointment": _effects(answer.appointment_groups),
        "contact_hours": answer.contact_hours,
        "channel_limited_rules": [asdict(each) for each in answer.channels],
        "edits": [
            {
                "section": each.edit.section,
                "rule_id": each.edit.rule_id or None,
                "what": each.edit.what,
                "gained_alone": each.gained_alone,
                "lost_alone": each.lost_alone,
                "needed_for": each.needed_for,
            }
            for each in answer.edits
        ],
    }


def _counts(answer: WhatIf, column: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in answer.leads[column].value_counts().sort_index().items()}


def _effects(groups: dict[str, Group]) -> dict[str, Any]:
    return {
        "groups": {name: group._asdict() for name, group in groups.items()},
        "rate_before": _plain(rate(groups, *BEFORE)),
        "rate_after": _plain(rate(groups, *AFTER)),
        "rate_change": _plain(rate_change(groups)),
        "count_change": _plain(count_change(groups)),
    }


def _plain(value: Bounded) -> dict[str, float] | None:
    return None if value.low != value.low else value._asdict()
