"""What a channel costs for each SQL, within one currency, of days whose leads have had their time."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.drawing import nice_end
from orchestration.report.parts import Card, Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows
from orchestration.report.spend import (
    SEVERAL,
    credited,
    free_sentences,
    mixed_channels,
    mixed_sentences,
    new_version_sentences,
    refund_sentences,
    several_currencies,
    spent_sentences,
)

_ALL = "(all)"
READS = (
    Read(
        "fct_channel_costs",
        ("attribution_model", "channel", "currency", "is_mature", "cost", "lead_credits", "mql_credits", "sql_credits")
        + ("cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "cost_per_consult")
        + (
            "cost_per_consult_low",
            "cost_per_consult_high",
            "sql_by_new_version_credits",
            "share_of_spend",
            "share_of_paid_sql",
            "share_of_sql",
        ),
        {"platform": (_ALL,), "campaign_id": (_ALL,)},
    ),
)
TITLE = "What an SQL costs by channel"
# Who brought the lead here is asked first; the other ways to share a lead's credit stand beside it.
MODEL = "first"
OTHERS = {"last": "^", "linear": "s", "position": "D"}
_IN_CARD, _SHOWN = 6, 12
_BEWARE = (
    "Only days whose leads have had the whole horizon to become SQL are judged; later spend has not had its time.",
    "Credit goes to touches of the 90 days before a lead’s creation. Ways to share it differ; where the marks of a "
    "channel lie apart, its cost depends on the way chosen.",
    "Costs of different currencies are never added, and a channel without spend has no cost, not a cost of nothing.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """Cost per SQL, a panel for each currency."""
    table = frames["fct_channel_costs"]
    mature = table[table["is_mature"].astype(bool)]
    first = mature[mature["attribution_model"] == MODEL]
    paid = first[(first["cost"].astype(float) > 0) & (first["currency"] != SEVERAL)]
    if paid.empty:
        why = _nothing(table)
        return Section(
            "costs", TITLE, (why, *refund_sentences(first, facts)), card=Card("Cost per SQL", "Not known", why)
        )
    mixed = several_currencies(table)
    figures, says, listed, unlisted = [], [], [], 0
    for currency in sorted(paid["currency"].astype(str).unique()):
        rows = _ranked(paid[paid["currency"] == currency])
        single = [row for row in rows if row["channel"] not in mixed]
        shown = _largest(single, _SHOWN)
        if any(words.known(row["cost_per_sql"]) is not None for row in shown):
            figures.append(_figure(shown, mature[mature["currency"] == currency], currency, facts))
        if shown:
            figures.append(_shares(shown, currency, facts))
        says += spent_sentences(rows, mixed, currency, _SHOWN, facts)
        listed += [(row, currency) for row in _largest(single, _IN_CARD)]
        unlisted += max(len(single) - _IN_CARD, 0)
    says += mixed_sentences(first, mixed, facts) + refund_sentences(first, facts)
    says += free_sentences(first, mixed, facts) + new_version_sentences(first) + _open(table)
    card = _card(listed, mixed_channels(first, mixed), unlisted, facts)
    return Section("costs", TITLE, tuple(says), _BEWARE, tuple(figures), (), card)


def _nothing(table: pd.DataFrame) -> str:
    if table.empty or not (table["cost"].fillna(0).astype(float) > 0).any():
        return "No source tells of spend, so what an SQL costs is not known."
    return "All spend so far is of days whose leads have not yet had the whole horizon to become SQL: nothing to judge."


def _ranked(paid: pd.DataFrame) -> list[Row]:
    """Dearest last, and behind them those that brought no SQL for their money."""
    return rows_of(paid.sort_values(["cost_per_sql", "channel"], na_position="last"))


def _largest(rows: list[Row], most: int) -> list[Row]:
    """The rows with most spend, in the order they stand in."""
    kept = {row["channel"] for row in sorted(rows, key=lambda row: (-float(row["cost"]), str(row["channel"])))[:most]}
    return [row for row in rows if row["channel"] in kept]


def _open(table: pd.DataFrame) -> list[str]:
    late = table[~table["is_mature"].astype(bool) & (table["attribution_model"] == MODEL)]
    spent = late[late["cost"].fillna(0).astype(float) > 0].groupby("currency")["cost"].sum()
    said = [
        words.money(float(cost), str(currency))
        for currency, cost in sorted(spent.items(), key=lambda each: str(each[0]))
    ]
    return [f"Still open, and in no cost here: {words.joined(said)} of newer days."] if said else []


def _cells(row: Row, currency: str, facts: Facts) -> tuple[str, ...]:
    return (
        facts.names.say("channel", row["channel"]),
        f"{row['attribution_model']} touch"
        if row["attribution_model"] in ("first", "last")
        else str(row["attribution_model"]),
        words.money(row["cost"], currency),
        credited(row["sql_credits"]),
        words.money(row["cost_per_sql"], currency) if words.known(row["cost_per_sql"]) is not None else "no SQL",
        words.money_range(row["cost_per_sql_low"], row["cost_per_sql_high"]),
        words.money(row["cost_per_consult"], currency),
        words.money_range(row["cost_per_consult_low"], row["cost_per_consult_high"]),
        words.money(row["cost_per_mql"], currency),
        words.money(row["cost_per_lead"], currency),
        words.percent(row["share_of_spend"]),
        words.percent(row["share_of_paid_sql"]),
        words.percent(row["share_of_sql"]),
    )


def _figure(rows: list[Row], mature: pd.DataFrame, currency: str, facts: Facts) -> Figure:
    priced = [row for row in rows if words.known(row["cost_per_sql"]) is not None]
    dots, table = [], []
    for row in priced:
        beside = {
            str(other["attribution_model"]): other
            for other in rows_of(mature[mature["channel"] == row["channel"]])
            if other["attribution_model"] in OTHERS and words.known(other["cost_per_sql"]) is not None
        }
        dots.append(_dot(row, beside, currency, facts))
        table += [_cells(each, currency, facts) for each in (row, *(beside[name] for name in OTHERS if name in beside))]
    # One channel that may cost anything must not press all others against the left.
    top = nice_end(1.2 * max((float(dot.value or 0) for dot in dots), default=1.0))
    picture = dot_rows(dots, axis=lambda value: f"{value:,.0f}", name=f"costs-{_word(currency)}", top=top)
    header = (
        "channel",
        "credit by",
        "spend",
        "SQLs",
        "per SQL",
        "95 % interval",
        "per consult",
        "its 95 % interval",
        "per MQL",
        "per lead",
        "of spend",
        "of SQLs paid for",
        "of all SQLs",
    )
    unit = words.money(0, currency).split(words.SPACE)[0]
    caption = (
        f"{unit} for each SQL. Round: credit to the first touch, with its 95 % interval; an arrow: it goes on. Hollow: "
        "credit to the last touch (triangle), to all alike (square), to first and last more (diamond)."
    )
    alt = words.gist(f"{cells[0]}, {cells[1]}: {cells[4]}" for cells in table)
    return Figure(
        f"Cost per SQL, {unit}",
        caption,
        (Panel("", picture, alt),),
        Table(f"Cost per SQL, {unit}", header, tuple(table), 2),
    )


def _shares(rows: list[Row], currency: str, facts: Facts) -> Figure:
    dots, table = [], []
    for row in rows:
        name = facts.names.say("channel", row["channel"])
        of_spend, of_sql = words.known(row["share_of_spend"]) or 0.0, words.known(row["share_of_paid_sql"]) or 0.0
        said = f"spend {_rounded(of_spend)}, SQLs {_rounded(of_sql)}"
        dots.append(Dot(name, said, of_sql, others=((of_spend, "s"),)))
        table += [(name, "of SQLs", words.percent(of_sql)), (name, "of spend", words.percent(of_spend))]
    picture = dot_rows(dots, axis=words.axis_percent, name=f"shares-{_word(currency)}")
    unit = words.money(0, currency).split(words.SPACE)[0]
    caption = (
        f"Hollow square: share of all spend in {unit}. Round: share of the SQLs it was spent on, by first touch. "
        "Square on the right: more of the money than of the SQLs."
    )
    alt = words.gist(" ".join(cells) for cells in table)
    header = ("channel", "share", "percent")
    return Figure(
        f"Spend beside SQLs, {unit}",
        caption,
        (Panel("", picture, alt),),
        Table(f"Shares of spend and SQLs, {unit}", header, tuple(table), 2),
    )


def _dot(row: Row, beside: Row, currency: str, facts: Facts) -> Dot:
    said = f"{words.money(row['cost_per_sql'], currency)}, {credited(row['sql_credits'])} SQLs"
    low, high = words.known(row["cost_per_sql_low"]), words.known(row["cost_per_sql_high"])
    return Dot(
        facts.names.say("channel", row["channel"]),
        said,
        float(row["cost_per_sql"]),
        low,
        float("inf") if low is not None and high is None else high,
        others=tuple(
            (float(beside[name]["cost_per_sql"]), marker) for name, marker in OTHERS.items() if name in beside
        ),
    )


def _rounded(share: float) -> str:
    return f"{share * 100:.0f}{words.SPACE}%"


def _word(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum()) or "none"


def _card(
    listed: list[tuple[Row, str]], mixed: list[tuple[str, list[str], float]], unlisted: int, facts: Facts
) -> Card:
    rows = tuple(
        (
            facts.names.say("channel", row["channel"]),
            words.money(row["cost_per_sql"], currency) if words.known(row["cost_per_sql"]) is not None else "no SQL",
            words.money_range(row["cost_per_sql_low"], row["cost_per_sql_high"]),
            credited(row["sql_credits"]),
        )
        for row, currency in listed
    )
    several = tuple(
        (
            f"{facts.names.say('channel', channel)}, in several currencies",
            words.NO_VALUE,
            words.NO_VALUE,
            credited(brought),
        )
        for channel, _, brought in mixed[:_IN_CARD]
    )
    unlisted += max(len(mixed) - _IN_CARD, 0)
    table = Table(
        "Credit to the first touch; days whose leads have had their time",
        ("channel", "per SQL", "95 % interval", "SQLs"),
        rows + several,
    )
    more = (
        (f"{words.several(unlisted, 'channel')} with less spend {words.are(unlisted)} not listed",) if unlisted else ()
    )
    return Card("Cost per SQL", "", "", more, table=table)
