"""What an explained record and its lead are: stages reached, the lead's other records, what keeps it out of rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import Words, code, say, strong
from orchestration.replay.explain import Explanation

_STAGES = {"mql": "MQL", "sql": "SQL", "disqualified": "disqualified"}


def record_words(found: Explanation) -> Words:
    """What the record's own rows make of it."""
    told = [_reached(stage, found.standing(stage)) for stage in ("mql", "sql")]
    out = found.standing("disqualified")
    if out and out["qualifies"]:
        told.append(f"is disqualified (since {words.moment(out['decided_at'])})")
    by = "By the criteria, this record" if found.lead.labelled & set(_STAGES) else "This record"
    return say(strong(f"{by} {', '.join(told)}."))


def lead_words(found: Explanation) -> Iterator[Words]:
    """What the lead is by all its records, and what of it does not follow from the criteria."""
    if len(found.lead.records) > 1:
        yield _others(found)
        yield _together(found)
    own = {row["record_key"]: row for row in found.lead.records}[found.record_key]
    survivor = found.lead.records[0]
    if labelled := [name for stage, name in _STAGES.items() if stage in found.lead.labelled]:
        yield say(
            f"The CRM's own label says whether the lead is {words.listed(labelled)}, as its source is set up: what the "
            "criteria decide of that stays in the ledger, and does not govern."
        )
    if rule := found.lead.exclusion:
        apart = "it is decided and kept like any other, but stands outside every rate and route"
        yield say(strong("The lead is excluded"), " by ", code(rule["rule_id"]), f" ({rule['reason']}): {apart}.")
    if survivor["is_deleted"]:
        yield say(strong("The lead is deleted"), " in its source: it stays in the ledger, and leaves the rates.")
    if own["is_deleted"] and own is not survivor:
        yield say("This record is deleted in its source; the lead goes on in the one it was merged into.")


def _others(found: Explanation) -> Words:
    survivor, *members = found.lead.records
    rest = [_name(row, found) for row in members if row["record_key"] != found.record_key]
    if survivor["record_key"] == found.record_key:
        return say(f"Merged into this record: {words.listed(rest, 'and')}.")
    also = f", as {'was' if len(rest) == 1 else 'were'} {words.listed(rest, 'and')}" if rest else ""
    return say(f"This record was merged into {_name(survivor, found)}{also}.")


def _together(found: Explanation) -> Words:
    names = {row["record_key"]: _name(row, found) for row in found.lead.records}
    told = []
    for stage in ("mql", "sql"):
        entry = found.lead.entries.get(stage)
        if stage not in found.lead.labelled:
            told.append(_reached(stage, entry, f"by {names[entry['record_key']]}" if entry else ""))
    more = ""
    if "disqualified" in found.lead.entries and "disqualified" not in found.lead.labelled:
        more = (
            " Whether it is disqualified depends on the screenings of all its records together, and on the eligibility "
            "of the record that became MQL first."
        )
    each = f"Each record is decided by its own rows; the lead enters a stage when the first of them does.{more}"
    if not told:
        return say(each)
    return say(strong(f"The lead of these {len(names)} records {', '.join(told)}."), f" {each}")


def _reached(stage: str, entry: Mapping[str, Any] | None, by: str = "") -> str:
    if entry is None or not entry["qualifies"]:
        return f"is not {_STAGES[stage]}"
    details = [f"since {words.moment(entry['decided_at'])}", words.spaced(entry["basis"]) if stage == "sql" else "", by]
    return f"is {_STAGES[stage]} ({', '.join(filter(None, details))})"


def _name(row: Mapping[str, Any], found: Explanation) -> str:
    return str(row["lead_id"]) + (f" of {row['source']}" if row["source"] != found.source else "")
