"""What the criteria moved: versions that took effect, whom they made MQL or SQL at once, and the basis of SQLs."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Frames, Read, Row, Section, Table, rows_of
from orchestration.report.steps import ALL

_BASES = {
    "staff_confirmed": "confirmed by staff",
    "self_scheduled": "booked themselves",
    "criteria": "by the criteria alone",
    "crm_label": "by the CRM’s label",
}
READS = (
    Read("dim_criteria_versions", ("criteria_version", "service_line", "note", "effective_from")),
    Read(
        "fct_conversion_rates",
        ("dimension", "cohort_month", "step", "converted_count", "by_new_version_count")
        + tuple(f"sql_{basis}_count" for basis in _BASES),
        {"dimension": ("all",), "step": ("lead_to_mql", "lead_to_sql")},
    ),
    Read(
        "fct_lead_lifecycles",
        ("sql_basis", "sql_criteria_version", "became_sql_at", "is_deleted", "excluded_by"),
        {"sql_basis": tuple(_BASES)},
    ),
)
TITLE = "What the criteria moved"
_MONTHS_SHOWN, _VERSIONS_SHOWN = 18, 12
_BEWARE = (
    "A new version decides of everybody who waits, at its first moment: a jump of MQLs or SQLs then is the criteria’s, "
    "not marketing’s or intake’s. Months with a new version do not compare with those before.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """Versions begun, the newest first; SQLs by month of becoming it and by basis."""
    rates = frames["fct_conversion_rates"]
    begun = _begun(frames["dim_criteria_versions"], facts)
    totals = {str(row["step"]): row for row in rows_of(rates[rates["cohort_month"] == ALL])}
    says = [_at_once(totals), *_by_basis(totals.get("lead_to_sql"))]
    if begun.empty and not any(says):
        return Section("criteria", TITLE, ("No version of any criteria has been replaced yet.",))
    tables = [table for table in (_versions(begun, facts), _months(frames)) if table.rows]
    return Section("criteria", TITLE, tuple(each for each in says if each), _BEWARE, (), tuple(tables))


def _begun(versions: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Versions that took another’s place by as_of."""
    moments = pd.to_datetime(versions["effective_from"])
    is_first = moments == moments.groupby(versions["service_line"]).transform("min")
    return versions[~is_first & (moments <= pd.Timestamp(facts.as_of))]


def _at_once(totals: dict[str, Row]) -> str:
    counts = {
        name: words.whole(totals[step]["by_new_version_count"]) if step in totals else 0
        for step, name in (("lead_to_mql", "MQL"), ("lead_to_sql", "SQL"))
    }
    told = [words.several(number, name) for name, number in counts.items() if number]
    return f"At the first moment of a version, of leads that were waiting: {words.joined(told)}." if told else ""


def _by_basis(row: Row | None) -> list[str]:
    if row is None or not words.whole(row["converted_count"]):
        return []
    total = words.whole(row["converted_count"])
    told = [
        f"{words.count(number)} {said} ({words.percent(number / total)})"
        for basis, said in _BASES.items()
        if (number := words.whole(row[f"sql_{basis}_count"]))
    ]
    return [f"Of {words.several(total, 'SQL')}: {words.joined(told)}."]


def _versions(begun: pd.DataFrame, facts: Facts) -> Table:
    newest = begun.sort_values(["effective_from", "criteria_version"], ascending=[False, True]).head(_VERSIONS_SHOWN)
    rows = tuple(
        (
            str(row["criteria_version"]),
            facts.names.say("service_line", row["service_line"]),
            words.moment(pd.Timestamp(row["effective_from"])),
            str(row["note"]) if isinstance(row["note"], str) else words.NO_VALUE,
        )
        for row in rows_of(newest)
    )
    return Table("Versions that took effect", ("version", "service line", "since", "what it says of itself"), rows, 4)


def _months(frames: Frames) -> Table:
    """SQLs in the month they became it, and of them those of the first moment of the version that decided."""
    leads, versions = frames["fct_lead_lifecycles"], frames["dim_criteria_versions"]
    counted = leads[~leads["is_deleted"].astype(bool) & leads["excluded_by"].isna()]
    begun = versions.set_index("criteria_version")["effective_from"]
    moments = pd.to_datetime(counted["became_sql_at"])
    is_made = moments == pd.to_datetime(counted["sql_criteria_version"].map(begun))
    told = pd.DataFrame({name: counted["sql_basis"] == name for name in _BASES}).assign(all=True, made=is_made)
    # Months cut off at the front are one row: the sums stay those of the sentences above.
    months = sorted(moments.dt.strftime("%Y-%m").unique())
    cut = months[-_MONTHS_SHOWN] if len(months) > _MONTHS_SHOWN else ""
    named = moments.dt.strftime("%Y-%m").map(lambda month: month if month >= cut else "")
    counts = told.groupby(named).sum() if len(told) else told
    rows = tuple(
        (words.month(str(month)) if month else f"before {words.month(cut)}",)
        + tuple(words.count(row[name]) for name in ("all", *_BASES, "made"))
        for month, row in counts.iterrows()
    )
    header = ("SQL in (UTC)", "SQLs", *_BASES.values(), "made by a new version")
    return Table("SQLs by month of becoming SQL, and by basis", header, rows)
