"""Why a lead is or is not MQL and SQL at a moment: its record decided again from the rows known by then, rule by rule.

`explain(paths, sql, lead_id, …)` gives an `Explanation` for each record of that id; words are made of it in
`pages/explain_page.py`. Shows what rules say of values, never the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.lake.paths import HomePaths
from orchestration.replay import home
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.scratch import DECISIONS, EVIDENCE, Scratch

Row = dict[str, Any]
_COUNTED = "intermediate.int_mql_touches__counted"
_DECIDED = "intermediate.int_mql_records__decided"
_JUDGED = "intermediate.int_attribute_rules__judged"
_FIRED = "intermediate.int_readiness_parts__fired"
_SPANNED = "intermediate.int_record_criteria__spanned"


class NoSuchLead(LookupError):
    """No record of that id was known at that moment; the message says what to do."""


@dataclass(frozen=True)
class Explanation:
    """One record at one moment (naive UTC). Rows are plain dicts with the columns of the models they come from.

    `version` and `rules` are the criteria in force then, None and empty where none are. `decisions` and `evidence` are
    all that was decided by then. `mql` is the MQL answer: where it does not qualify, judged at just this moment, with
    `points` by rule. `judged` says of each attribute rule how it stands, `fired` which parts of readiness items did.
    `merged_into` is the surviving lead's id, if another.
    """

    lead_id: str
    source: str
    at: datetime
    known_since: datetime
    service_line: str | None
    merged_into: str | None
    version: Row | None
    rules: tuple[Row, ...]
    decisions: tuple[Row, ...]
    evidence: tuple[Row, ...]
    mql: Row | None
    points: dict[str, int]
    judged: tuple[Row, ...]
    fired: tuple[Row, ...]

    def standing(self, stage: str) -> Row | None:
        """The latest decision on a stage."""
        own = [row for row in self.decisions if row["stage"] == stage]
        return max(own, key=lambda row: row["decision_no"]) if own else None


def explain(
    paths: HomePaths, sql: QualificationSql, lead_id: str, *, source: str | None = None, at: datetime | None = None
) -> list[Explanation]:
    """Every record of that id (of that source, if named), as of `at` or of the home's as_of.

    Raises NoSuchLead, HomeUnreadable, and ValueError for a moment the home does not answer for.
    """
    with Scratch(sql, threads=1) as scratch, home.reading(scratch, paths, who="an explanation"):
        as_of = home.as_of(scratch)
        moment = at or as_of
        if moment > as_of:
            raise ValueError(f"{moment.isoformat()} is after {as_of.isoformat()}, the moment the home answers for")
        records = _records(scratch, lead_id, source, moment)
        for part in ("versions", "rules", "exclusions"):
            scratch.fill(f"input.input__criteria_{part}", home.criteria_rows(scratch, part))
        return [_explained(scratch, record, moment) for record in records]


def _records(scratch: Scratch, lead_id: str, source: str | None, moment: datetime) -> list[Row]:
    found = scratch.rows(
        """
        select records.record_key, records.source, records.lead_id, records.effective_at,
            nullif(survivors.lead_id, records.lead_id) as merged_into
        from home.intermediate.int_records__current as records
        left join home.intermediate.int_records__merged as merged on records.record_key = merged.record_key
        left join home.intermediate.int_records__current as survivors on merged.lead_key = survivors.record_key
        where records.lead_id = ? and (? is null or records.source = ?) order by records.source
        """,
        [lead_id, source, source],
    )
    known = [row for row in found if row["effective_at"] <= moment]
    if not known:
        of = f" of {source}" if source else ""
        later = f"; it has been known since {found[0]['effective_at'].isoformat()}" if found else ""
        raise NoSuchLead(f"no lead {lead_id}{of} was known at {moment.isoformat()}{later}: ids are those of the source")
    return known


def _explained(scratch: Scratch, record: Row, moment: datetime) -> Explanation:
    key = str(record["record_key"]).replace("'", "''")
    home.take_records(scratch, f"select '{key}' as record_key", until=moment)
    scratch.decide()
    decisions = scratch.rows(f"select * from {DECISIONS} order by decided_at, stage, decision_no")
    evidence = scratch.rows(f"select * from {EVIDENCE} order by decided_at, rule_id, occurred_at, source_id")
    span = _one(scratch, f"select * from {_SPANNED} where valid_from <= ? and valid_to > ?", [moment, moment])
    name = span["criteria_version"] if span else None
    rules = scratch.rows("select * from input.input__criteria_rules where criteria_version = ?", [name])
    judged = scratch.rows(
        f"select * from {_JUDGED} where criteria_version = ? and valid_from <= ? and valid_to > ?",
        [name, moment, moment],
    )
    fired = scratch.rows(
        f"select * from {_FIRED} where criteria_version = ? and valid_from <= ? order by valid_from", [name, moment]
    )
    mql = next((row for row in decisions if row["stage"] == "mql" and row["qualifies"]), None)
    own = [row for row in evidence if row["stage"] == "mql"]
    points = _summed(own)
    if mql is None and span is not None:
        mql, points = _at_the_moment(scratch, key, moment)
    return Explanation(
        lead_id=record["lead_id"],
        source=record["source"],
        at=moment,
        known_since=record["effective_at"],
        service_line=span["service_line"] if span else None,
        merged_into=record["merged_into"],
        version=_one(scratch, "select * from input.input__criteria_versions where criteria_version = ?", [name]),
        rules=tuple(rules),
        decisions=tuple(decisions),
        evidence=tuple(evidence),
        mql=mql,
        points=points,
        judged=tuple(judged),
        fired=tuple(fired),
    )


def _at_the_moment(scratch: Scratch, key: str, moment: datetime) -> tuple[Row | None, dict[str, int]]:
    """The MQL answer at just this moment: a row that says nothing makes it one the criteria look at."""
    asked = f"timestamp '{moment.isoformat(sep=' ')}'"
    scratch.connection.execute(
        "insert into intermediate.int_attributes__versioned by name "
        f"select '{key}' as record_key, '(asked)' as name, {asked} as valid_from, timestamp '9999-12-31' as valid_to"
    )
    scratch.decide(_DECIDED)
    mql = _one(scratch, f"select * from {_DECIDED}", [])
    if mql is None:
        return None, {}
    touches = scratch.rows(
        f"select rule_id, micro_points from {_COUNTED} where moment_micros = ?", [mql["decided_micros"]]
    )
    fit = scratch.rows(
        f"select rule_id, micro_points from {_JUDGED} where criteria_version = ? and section = 'fit' and is_satisfied "
        "and valid_from <= ? and valid_to > ?",
        [mql["criteria_version"], moment, moment],
    )
    return mql, _summed([*touches, *fit])


def _summed(rows: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row["rule_id"]] = found.get(row["rule_id"], 0) + row["micro_points"]
    return found


def _one(scratch: Scratch, statement: str, parameters: Sequence[Any]) -> Row | None:
    return next(iter(scratch.rows(statement, parameters)), None)
