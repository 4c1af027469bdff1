"""How soon leads are called, and how many of them become SQL; who is never reached."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows

READS = (
    Read(
        "fct_contact_time_outcomes",
        ("service_line", "contact_band", "stratum", "horizon_days", "lead_count", "left_out_count", "at_risk_count")
        + ("left_out_converted_count", "converted_count", "rate", "adjusted_rate", "adjusted_rate_low")
        + ("adjusted_rate_high",),
        {"service_line": ("all",), "stratum": ("all",)},
    ),
)
TITLE = "How soon they are called"
_BANDS = {
    "before": "before the handoff",
    "within 1 hour": "within an hour",
    "1 to 4 hours": "in 1 to 4 hours",
    "4 to 24 hours": "in 4 to 24 hours",
    "later": "later",
    "never": "never",
}
_BEWARE = (
    "Whom staff call first they have chosen, and who is keen answers sooner: that who was called sooner came on more "
    "often is no proof that speed did it. Shares are those of one mix of service lines and points.",
    "Who was SQL, booked, turned away or had withdrawn when somebody called, or by the end of the horizon if nobody "
    "did, had no time left to be called in: counted, and in no share.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """Conversion by how soon the first contact came, in opening hours."""
    found = {str(row["contact_band"]): row for row in rows_of(frames["fct_contact_time_outcomes"])}
    total = sum(words.whole(row["lead_count"]) for row in found.values())
    if not total:
        return Section("speed", TITLE, ("No MQL whose calls are told of has been followed to its horizon yet.",))
    horizon = words.days(next(iter(found.values()))["horizon_days"])
    counts = {band: words.whole(found[band]["lead_count"]) if band in found else 0 for band in _BANDS}
    says = [f"Of {words.several(total, 'MQL')} followed for {horizon}: {_told(counts, total)}."]
    if "never" in found and counts["never"]:
        left = words.whole(found["never"]["left_out_count"])
        says.append(
            f"Of the {words.count(counts['never'])} never contacted {words.count(left)} became SQL, booked, were "
            f"turned away or withdrew by themselves; {words.count(counts['never'] - left)} waited for a call that "
            "did not reach them."
        )
    figure = _figure([row for band in _BANDS if (row := found.get(band)) is not None])
    return Section("speed", TITLE, tuple(says), _BEWARE, (figure,) if figure else ())


def _told(counts: dict[str, int], total: int) -> str:
    told = [
        f"{words.count(number)} ({words.percent(number / total)}) {_BANDS[band]}"
        for band, number in counts.items()
        if number
    ]
    return f"contacted were {words.joined(told)}"


def _figure(rows: list[Row]) -> Figure | None:
    rated = [row for row in rows if words.known(row["adjusted_rate"]) is not None]
    if not rated:
        return None
    dots = [
        Dot(
            _BANDS[str(row["contact_band"])],
            f"{words.percent(row['adjusted_rate'])} of {words.count(row['at_risk_count'])}",
            float(row["adjusted_rate"]),
            words.known(row["adjusted_rate_low"]),
            words.known(row["adjusted_rate_high"]),
            words.whole(row["at_risk_count"]) < words.FEW,
        )
        for row in rated
    ]
    table = tuple(
        (
            _BANDS[str(row["contact_band"])],
            words.count(row["lead_count"]),
            words.count(row["at_risk_count"]),
            words.count(row["converted_count"]),
            words.percent(row["rate"]),
            words.percent(row["adjusted_rate"]),
            words.percent_range(row["adjusted_rate_low"], row["adjusted_rate_high"]),
        )
        for row in rated
    )
    header = ("first contact", "MQLs", "in the share", "SQL", "share", "in one mix", "95 % interval")
    return Figure(
        "SQL by how soon the first contact came",
        "Share that became SQL within the horizon, in one mix of leads, with its 95 % interval; time is opening hours "
        f"since the handoff. Hollow and dashed: fewer than {words.FEW}.",
        (
            Panel(
                "",
                dot_rows(dots, axis=words.axis_percent, name="speed", top=1.0),
                words.gist(f"{cells[0]}: {cells[5]} of {cells[2]}" for cells in table),
            ),
        ),
        Table("SQL by time to the first contact", header, table),
    )
