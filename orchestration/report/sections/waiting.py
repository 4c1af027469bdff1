"""Who is waiting for a first contact now: how many, for how long, and whom to look at first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Card, Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Bar, bars

READS = (
    Read(
        "fct_ageing_queue",
        (
            "lead_id",
            "source",
            "service_line",
            "team_id",
            "age_band",
            "is_contactable",
            "is_overdue",
            "is_unreachable",
            "place",
            "attempt_count",
        )
        + ("business_minutes_waiting", "business_minutes_to_due", "handed_off_at"),
    ),
    Read("fct_sla_attainment", ("dimension", "handoff_count", "not_observed_count"), {"dimension": ("all",)}),
    Read(
        "fct_lead_lifecycles",
        ("source", "is_deleted", "excluded_by", "became_mql_at", "became_sql_at")
        + ("first_contacted_at", "appointment_booked_at"),
        {"current_stage": ("sql",)},
    ),
    Read("fct_load_accounting", ("source", "rows_landed"), {"object": ("work_events",)}),
)
TITLE = "Who is waiting now"
BANDS = ("under 1 day", "1 to 3 days", "3 to 7 days", "7 to 30 days", "over 30 days")
_SHOWN, _TEAMS_SHOWN = 10, 8
_BEWARE = (
    "Waiting time is counted on the clock of the wall, the promise in opening hours of the lead’s location.",
    "Who stands booked, was disqualified or withdrew every consent to contact is not waiting: not counted here. Who "
    "missed or cancelled what they had booked themselves waits again, late only if the promise was broken by then.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """The queue by age, and the newest of those past their promise."""
    queue = frames["fct_ageing_queue"]
    handed, unseen = _handoffs(frames["fct_sla_attainment"])
    beside = _uncalled(frames, facts)
    if queue.empty:
        return Section("waiting", TITLE, (_nobody(handed, unseen), *beside), card=_empty_card(handed, unseen))
    overdue = queue["is_overdue"].fillna(False).astype(bool)
    waiting, is_old = len(queue), queue["age_band"] == BANDS[-1]
    recent = int((~is_old).sum()), int((overdue & ~is_old).sum())
    old = int(is_old.sum()), int((overdue & is_old).sum())
    oldest = queue["handed_off_at"].min()
    untried = int((queue["attempt_count"].fillna(0) == 0).sum())
    barred = int(_is_barred(queue).sum())
    says = [
        f"{words.several(waiting, 'lead')} handed to intake {words.are(waiting)} waiting for a first contact. "
        f"{_by_age(recent, old)}",
        f"{_none_or(untried).capitalize()} without any attempt so far. "
        f"The oldest was handed over on {words.day(oldest)}.",
    ]
    if barred:
        says.append(f"{words.count(barred)} may not be contacted on any channel: nothing can be done for these.")
    says += beside
    unseen_note = (f"{words.count(unseen)} handoffs come from sources that tell of no work by staff; whether they wait "
                   "is not known.",) if unseen else ()  # fmt: skip
    card = _card(queue, recent, old, untried)
    return Section(
        "waiting",
        TITLE,
        tuple(says),
        (*_BEWARE, *unseen_note),
        _figures(queue, overdue, facts),
        _first(queue, facts),
        card,
    )


def _card(queue: pd.DataFrame, recent: tuple[int, int], old: tuple[int, int], untried: int) -> Card:
    is_reachable = ~queue["is_unreachable"].fillna(False).astype(bool) & ~_is_barred(queue)
    live = int((is_reachable & (queue["age_band"] != BANDS[-1])).sum())
    return Card(
        "Waiting now",
        words.short_count(len(queue)),
        f"{'lead' if len(queue) == 1 else 'leads'} without a first contact",
        (
            f"{words.count(live)} of them handed over within 30 days and still reachable",
            f"{words.count(recent[0])} handed over within 30 days, {words.count(recent[1])} of them past the promise",
            f"{words.count(old[0])} before that, {words.count(old[1])} of them past it",
            f"{words.count(untried)} without any attempt; oldest handed over on "
            f"{words.day(queue['handed_off_at'].min())}",
        ),
    )


def _by_age(recent: tuple[int, int], old: tuple[int, int]) -> str:
    """How many were handed over lately and before, and how many of each are late: what is old is another trouble."""
    lately = (
        f"Of {words.count(recent[0])} handed over in the last 30 days {_none_or(recent[1])} past the promised time"
        if recent[0]
        else "None was handed over in the last 30 days"
    )
    before = (
        f"{words.count(old[0])} {words.are(old[0])} older, of whom {_none_or(old[1])} past it"
        if old[0]
        else "none is older"
    )
    return f"{lately}; {before}."


def _uncalled(frames: Frames, facts: Facts) -> list[str]:
    """SQLs never contacted that have booked nothing: past MQL nobody was handed over, so they wait in no queue. Of
    sources that tell of no work by staff it is not known.
    """
    leads, loads = frames["fct_lead_lifecycles"], frames["fct_load_accounting"]
    observed = set(loads.loc[loads["rows_landed"] > 0, "source"])
    is_counted = ~leads["is_deleted"].astype(bool) & leads["excluded_by"].isna() & leads["source"].isin(observed)
    found = leads[is_counted & leads["first_contacted_at"].isna() & leads["appointment_booked_at"].isna()]
    if found.empty:
        return []
    past, since = int(found["became_mql_at"].isna().sum()), pd.Timestamp(facts.as_of) - pd.Timedelta(days=30)
    lately = int((pd.to_datetime(found["became_sql_at"]) >= since).sum())
    return [
        f"Beside these {words.several(len(found), 'SQL')} {words.are(len(found))} waiting whom nobody has contacted "
        f"and who have booked nothing, {words.count(lately)} of the last 30 days; {words.count(past)} never "
        f"{'was' if past == 1 else 'were'} MQL, so no handoff and no queue holds them. Who they are says "
        "`sqls_nobody_called.sql`."
    ]


def _none_or(number: int) -> str:
    return f"{words.count(number)} {words.are(number)}" if number else "none is"


def _handoffs(attainment: pd.DataFrame) -> tuple[int, int]:
    if attainment.empty:
        return 0, 0
    return words.whole(attainment["handoff_count"].sum()), words.whole(attainment["not_observed_count"].sum())


def _nobody(handed: int, unseen: int) -> str:
    if not handed:
        return "No lead has been handed to intake yet, so nobody is waiting."
    if unseen >= handed:
        return "Not known: the sources tell of no work by staff (no work_events), so who was contacted cannot be seen."
    if unseen:
        return (
            f"Nobody of the {words.count(handed - unseen)} handed over whose contacts can be seen; "
            f"{words.count(unseen)} more come from sources that tell of no work by staff: not known."
        )
    return "Nobody: every lead handed to intake has been contacted, or needs no contact any more."


def _empty_card(handed: int, unseen: int) -> Card:
    is_unknown = not handed or unseen >= handed
    number = "Not known" if is_unknown and handed else "Nobody seen" if unseen else "Nobody"
    return Card("Waiting now", number, _nobody(handed, unseen))


def _figures(queue: pd.DataFrame, overdue: pd.Series, facts: Facts) -> tuple[Figure, ...]:
    by_age = _figure(
        "By time since the handoff",
        "time since the handoff",
        "age",
        [_group(queue, overdue, "age_band", band, facts) for band in BANDS],
    )
    counts = queue["team_id"].value_counts()
    teams = sorted(counts.index, key=lambda team: (-counts[team], str(team)))[:_TEAMS_SHOWN]
    by_team = _figure("By team", "team", "team", [_group(queue, overdue, "team_id", team, facts) for team in teams])
    return (by_age, by_team) if len(teams) > 1 else (by_age,)


def _group(queue: pd.DataFrame, overdue: pd.Series, column: str, value: str, facts: Facts) -> tuple[str, int, int, int]:
    """Name, waiting, late and untried of those with a value."""
    inside = queue[column] == value
    untried = inside & (queue["attempt_count"].fillna(0) == 0)
    name = value if column == "age_band" else facts.names.say(column, value)
    return name, int(inside.sum()), int((inside & overdue).sum()), int(untried.sum())


def _figure(title: str, first: str, name: str, groups: Sequence[tuple[str, int, int, int]]) -> Figure:
    drawn = [
        Bar(said, f"{words.count(total)}, {words.count(late)} late", total, late) for said, total, late, _ in groups
    ]
    rows = tuple(
        (said, words.count(total), words.count(late), words.count(total - late), words.count(untried))
        for said, total, late, untried in groups
    )
    alt = words.gist(f"{row[0]}: {row[1]} waiting, {row[2]} past the promise" for row in rows)
    return Figure(
        title,
        "Full: late, past the promised time. Hatched: not past it, or no time was promised.",
        (Panel("", bars(drawn, axis=lambda value: f"{value:,.0f}", name=f"waiting-{name}"), alt),),
        Table(
            f"Leads waiting for a first contact, {title.lower()}",
            (first, "waiting", "past the promise", "not past it", "no attempt yet"),
            rows,
        ),
    )


def _first(queue: pd.DataFrame, facts: Facts) -> tuple[Table, ...]:
    callable_ = queue[~_is_barred(queue)]
    # Over all teams, too, who can still be called in time stands first: a place only orders the leads of one team.
    is_late = callable_["is_overdue"].fillna(False).astype(bool) | callable_["business_minutes_to_due"].isna()
    ranked = callable_.assign(is_late=is_late)
    first = ranked.sort_values(["is_late", "place", "team_id", "source", "lead_id"]).head(_SHOWN)
    if first.empty:
        return ()
    rows = tuple(
        (
            str(row["lead_id"]),
            facts.names.say("service_line", row["service_line"]),
            facts.names.say("team_id", row["team_id"]),
            words.moment(row["handed_off_at"]),
            _due(row),
            words.count(row["attempt_count"]),
        )
        for row in rows_of(first)
    )
    caption = f"Whom to call first, by each team’s queue: {len(rows)} of {words.count(len(callable_))}"
    return (
        Table(caption, ("lead", "service line", "team", "handed over", "promise, opening hours", "attempts"), rows, 4),
    )


def _due(row: Row) -> str:
    left = words.known(row["business_minutes_to_due"])
    if left is None:
        return "none"
    # Opening hours stand still at night: what is due at the next opening has no minute left and is not late.
    return f"late by {words.minutes(left)}" if row["is_overdue"] else f"{words.minutes(max(left, 0))} left"


def _is_barred(queue: pd.DataFrame) -> pd.Series:
    return queue["is_contactable"].astype(str).str.lower().isin(["no", "false"])
