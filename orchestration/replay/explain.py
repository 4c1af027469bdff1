"""Why a record is or is not MQL and SQL at a moment: decided again from the rows known by then, rule by rule.

`explain(paths, sql, lead_id, …)` gives an `Explanation` for each record of that id, with what its lead is as a whole;
words are made of it in `pages/explain_page.py`. Shows what rules say of values, never the values; the reasons of a
score say what was known of the lead, as the CRM is told them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.lake.paths import HomePaths
from orchestration.replay import home
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.merges import followed, known_merges
from orchestration.replay.scores import score_given
from orchestration.replay.scratch import DECISIONS, EVIDENCE, Scratch

Row = dict[str, Any]
_AUTHORITIES = "home.intermediate.int_stage_authorities__set"
_COUNTED = "intermediate.int_mql_touches__counted"
_CURRENT = "intermediate.int_record_criteria__current"
_EXCLUSIONS = "input.input__criteria_exclusions"
_DECIDED = "intermediate.int_mql_records__decided"
_JUDGED = "intermediate.int_attribute_rules__judged"
_FIRED = "intermediate.int_readiness_parts__fired"
_SPANNED = "intermediate.int_record_criteria__spanned"
_THEN = "record_key = ? and valid_from <= ? and valid_to > ?"


class NoSuchLead(LookupError):
    """No record of that id was known at that moment; the message says what to do."""


@dataclass(frozen=True)
class WholeLead:
    """The lead a record belongs to, by the merges known at the moment.

    `records`, as known then, begin with the survivor. `entries` are the earliest of all of them into each stage, by the
    criteria; on the `labelled` stages the CRM's label decides instead. `exclusion` is the rule that excludes the lead.
    """

    records: tuple[Row, ...]
    entries: Mapping[str, Row]
    labelled: frozenset[str]
    exclusion: Row | None


@dataclass(frozen=True)
class Explanation:
    """One record at one moment (naive UTC). Rows are plain dicts with the columns of the models they come from.

    `version` and `rules` are the criteria in force, if any; `decisions` and `evidence` all that was decided by then.
    `mql` is the MQL answer: where it does not qualify, judged at just this moment, with `points` by rule. `judged` is
    how attribute rules stood over time (satisfied, failed, unknown), `fired` the parts of readiness items that count.
    `score` is the readiness it was given (`fct_lead_scores`).
    """

    record_key: str
    lead_id: str
    source: str
    at: datetime
    service_line: str | None
    lead: WholeLead
    version: Row | None
    rules: tuple[Row, ...]
    decisions: tuple[Row, ...]
    evidence: tuple[Row, ...]
    mql: Row | None
    points: dict[str, int]
    judged: tuple[Row, ...]
    fired: tuple[Row, ...]
    score: Row | None = None

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
        found = _records(scratch, lead_id, source, moment)
        merges = known_merges(scratch, moment)
        return [_explained(scratch, record, merges, moment) for record in found]


def _records(scratch: Scratch, lead_id: str, source: str | None, moment: datetime) -> list[Row]:
    found = scratch.rows(
        "select * from home.intermediate.int_records__current where lead_id = ? and (? is null or source = ?) "
        "order by source",
        [lead_id, source, source],
    )
    known = [row for row in found if row["effective_at"] <= moment]
    if not known:
        of = f" of {source}" if source else ""
        later = f"; it has been known since {found[0]['effective_at'].isoformat()}" if found else ""
        raise NoSuchLead(f"no lead {lead_id}{of} was known at {moment.isoformat()}{later}: ids are those of the source")
    return known


def _explained(scratch: Scratch, record: Row, merges: Mapping[str, str], moment: datetime) -> Explanation:
    key = record["record_key"]
    survivor = [key, *followed(merges, key)][-1]
    _decide(scratch, [survivor, *(each for each in merges if survivor in followed(merges, each))], moment)
    span = _one(scratch, f"select * from {_SPANNED} where {_THEN}", [key, moment, moment])
    lead = _whole_lead(scratch, record["id_space"], survivor, moment)
    line = next(row["service_line"] for row in lead.records if row["record_key"] == key)
    decisions = _own(scratch, DECISIONS, key, "decided_at, stage, decision_no")
    evidence = _own(scratch, EVIDENCE, key, "decided_at, rule_id, occurred_at, source_id")
    name = span["criteria_version"] if span else None
    mql = next((row for row in decisions if row["stage"] == "mql" and row["qualifies"]), None)
    points = _summed([row for row in evidence if row["stage"] == "mql"])
    if mql is None and span is not None:
        mql, points = _at_the_moment(scratch, key, moment)
    return Explanation(
        record_key=key,
        lead_id=record["lead_id"],
        source=record["source"],
        at=moment,
        service_line=(line or "").strip(" \t\n\v\f\r") or None,
        lead=lead,
        version=_one(scratch, "select * from input.input__criteria_versions where criteria_version = ?", [name]),
        rules=tuple(scratch.rows("select * from input.input__criteria_rules where criteria_version = ?", [name])),
        decisions=tuple(decisions),
        evidence=tuple(evidence),
        mql=mql,
        points=points,
        judged=tuple(_verdicts(scratch, key, name)),
        fired=tuple(row for row in _own(scratch, _FIRED, key, "valid_from") if span and _counts(row, span, moment)),
        score=score_given(scratch, key, moment),
    )


def _counts(row: Row, span: Row, moment: datetime) -> bool:
    """Whether a part fired by then for these criteria: a touch of another service line does not (`lines_agree`)."""
    lines = {row["touch_service_line"], span["service_line"]} - {None}
    has_fired = row["valid_from"] <= moment and row["valid_from"] < row["valid_to"]
    return len(lines) < 2 and has_fired and bool(row["criteria_version"] == span["criteria_version"])


def _decide(scratch: Scratch, keys: Sequence[str], moment: datetime) -> None:
    for part in ("versions", "rules", "exclusions"):
        scratch.fill(f"input.input__criteria_{part}", home.criteria_rows(scratch, part))
    quoted = ", ".join("'" + key.replace("'", "''") + "'" for key in keys)
    home.take_records(scratch, f"select unnest([{quoted}]) as record_key", until=moment)
    scratch.decide(DECISIONS, EVIDENCE, _CURRENT)


def _whole_lead(scratch: Scratch, id_space: str, survivor: str, moment: datetime) -> WholeLead:
    """What the records decided in the scratch are together."""
    records = scratch.rows(
        "select record_key, lead_id, source, service_line, is_deleted from home.intermediate.int_records__versioned "
        "semi join chosen using (record_key) where valid_from <= ? and valid_to > ? order by record_key <> ?, lead_id",
        [moment, moment, survivor],
    )
    labelled = f"select stage from {_AUTHORITIES} where basis_group = 'crm_label' and id_space = ?"
    excluded = f"select excluded_by from {_CURRENT} where record_key = ?"
    reached = scratch.rows(f"select * from {DECISIONS} where qualifies order by decided_at desc, record_key desc")
    return WholeLead(
        records=tuple(records),
        entries={row["stage"]: row for row in reached},
        labelled=frozenset(row["stage"] for row in scratch.rows(labelled, [id_space])),
        exclusion=_one(scratch, f"select * from {_EXCLUSIONS} where rule_id = ({excluded})", [survivor]),
    )


def _verdicts(scratch: Scratch, key: str, name: str | None) -> list[Row]:
    """How each attribute rule stood, and when: asked with every unknown held, lest it pass for holding or failing."""
    scratch.connection.execute("update input.input__criteria_rules set when_unknown = 'hold' where kind = 'attribute'")
    scratch.decide(_JUDGED)
    return scratch.rows(
        "select section, rule_id, valid_from, valid_to, "
        "case when is_satisfied then 'satisfied' when is_failing then 'failed' else 'unknown' end as verdict "
        f"from {_JUDGED} where record_key = ? and criteria_version = ?",
        [key, name],
    )


def _at_the_moment(scratch: Scratch, key: str, moment: datetime) -> tuple[Row | None, dict[str, int]]:
    """The MQL answer at just this moment: a row that says nothing makes it one the criteria look at."""
    scratch.connection.execute(
        "insert into intermediate.int_attributes__versioned by name select ? as record_key, '(asked)' as name, "
        "?::timestamp as valid_from, timestamp '9999-12-31' as valid_to",
        [key, moment],
    )
    scratch.decide(_DECIDED)
    mql = _one(scratch, f"select * from {_DECIDED} where record_key = ?", [key])
    if mql is None:
        return None, {}
    given = scratch.rows(
        f"select rule_id, micro_points from {_COUNTED} where record_key = ? and moment_micros = ? union all "
        f"select rule_id, micro_points from {_JUDGED} where {_THEN} and section = 'fit' and is_satisfied "
        "and criteria_version = ?",
        [key, mql["decided_micros"], key, moment, moment, mql["criteria_version"]],
    )
    return mql, _summed(given)


def _summed(rows: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row["rule_id"]] = found.get(row["rule_id"], 0) + row["micro_points"]
    return found


def _own(scratch: Scratch, relation: str, key: str, order: str) -> list[Row]:
    return scratch.rows(f"select * from {relation} where record_key = ? order by {order}", [key])


def _one(scratch: Scratch, statement: str, parameters: Sequence[Any]) -> Row | None:
    return next(iter(scratch.rows(statement, parameters)), None)
