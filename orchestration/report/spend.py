"""Spend told apart: channels paid in one currency, in several, refunded or not at all. Frames in, sentences out.

A channel paid in several currencies has a row for each, with the cost, and one under SEVERAL, with what it brought:
money of two currencies is never one sum, so it has no single cost.
"""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Row, rows_of

SEVERAL = "(several)"
_NAMED = 6


def several_currencies(table: pd.DataFrame) -> set[str]:
    """The channels paid in more than one currency, on whatever days."""
    is_several = table["currency"] == SEVERAL
    spent = table[table["cost"].notna() & ~is_several].groupby("channel")["currency"].nunique()
    return {*table.loc[is_several, "channel"].astype(str), *(str(name) for name in spent.index[spent > 1])}


def summed(rows: list[Row], currency: str) -> str:
    """What rows of one currency cost together."""
    return words.money(sum(float(row["cost"]) for row in rows), currency)


def credited(value: object) -> str:
    """SQLs credited: whole where they are."""
    number = words.known(value) or 0.0
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"


def spent_sentences(rows: list[Row], mixed: set[str], currency: str, shown: int, facts: Facts) -> list[str]:
    """What was spent in a currency, the least and the most an SQL cost, and who brought none. All rows, the cheapest
    first; `shown` of them stand in the pictures.
    """
    spent = f"{summed(rows, currency)} spent"
    single = [row for row in rows if row["channel"] not in mixed]
    priced = [row for row in single if words.known(row["cost_per_sql"]) is not None]
    unpriced = [row for row in single if words.known(row["cost_per_sql"]) is None]
    said = [_priced(spent, priced, currency, facts)]
    if unpriced and priced:
        said.append(f"Spent without an SQL: {_with_money(unpriced, currency, facts)}.")
    elif not priced and single:
        alone = "a channel that spends" if len(single) == len(rows) else "a channel paid in this currency alone"
        said = [f"{spent}, and no SQL credited to {alone}."]
    if len(single) > shown:
        said.append(f"Shown in {currency} are the {shown} channels with most spend of {len(single)}.")
    return said


def _priced(spent: str, priced: list[Row], currency: str, facts: Facts) -> str:
    if not priced:
        return f"{spent}."
    least, most = priced[0], priced[-1]
    said = f"{spent}. Least for an SQL: {_cost(least, currency, facts)}"
    return f"{said}." if least is most else f"{said}; most: {_cost(most, currency, facts)}."


def _cost(row: Row, currency: str, facts: Facts) -> str:
    return f"{facts.names.say('channel', row['channel'])}, {words.money(row['cost_per_sql'], currency)}"


def _with_money(rows: list[Row], currency: str, facts: Facts) -> str:
    """Channels with what they cost, the dearest first; of many the rest together."""
    ranked = sorted(rows, key=lambda row: (-abs(float(row["cost"])), str(row["channel"])))
    said = [
        f"{facts.names.say('channel', row['channel'])} ({words.money(row['cost'], currency)})"
        for row in ranked[:_NAMED]
    ]
    rest = ranked[_NAMED:]
    return words.joined([*said, f"{len(rest)} more ({summed(rest, currency)})"] if rest else said)


def mixed_sentences(first: pd.DataFrame, mixed: set[str], facts: Facts) -> list[str]:
    """A sentence for each channel paid in several currencies: what in each, and what it brought."""
    said = []
    for channel, spends, brought in mixed_channels(first, mixed):
        name = facts.names.say("channel", channel)
        spent = words.joined(spends) if spends else "nothing on these days"
        said.append(
            f"{name} was paid in several currencies: {spent} spent, {credited(brought)} SQLs. These are never added, "
            "so it has no single cost and stands in no picture, and its SQLs are in no share of those paid for."
        )
    return said


def mixed_channels(first: pd.DataFrame, mixed: set[str]) -> list[tuple[str, list[str], float]]:
    """Channels paid in several currencies that spent or brought anything: name, what in each currency, SQLs."""
    found = []
    for channel in sorted(mixed):
        own = first[first["channel"] == channel]
        paid = own[own["cost"].notna() & (own["currency"] != SEVERAL)].sort_values("currency")
        spends = [words.money(row["cost"], str(row["currency"])) for row in rows_of(paid)]
        brought = float(own["sql_credits"].fillna(0).astype(float).sum())
        if spends or brought:
            found.append((channel, spends, brought))
    return found


def refund_sentences(first: pd.DataFrame, facts: Facts) -> list[str]:
    """Who was paid back more than was spent on them: their cost is below nothing, and stands in no picture."""
    back = first[first["cost"].fillna(0).astype(float) < 0]
    return [
        f"More paid back than spent, and in no cost here: {_with_money(rows_of(rows), str(currency), facts)}."
        for currency, rows in sorted(back.groupby("currency"), key=lambda each: str(each[0]))
    ]


def free_sentences(first: pd.DataFrame, mixed: set[str], facts: Facts) -> list[str]:
    """Who brought SQLs on days without spend."""
    free = first[(first["cost"].fillna(0).astype(float) == 0) & ~first["channel"].isin(mixed)]
    free = free[free["sql_credits"].astype(float) > 0].sort_values(["sql_credits", "channel"], ascending=[False, True])
    if free.empty:
        return []
    said = [f"{facts.names.say('channel', row['channel'])} ({credited(row['sql_credits'])})" for row in rows_of(free)]
    return [f"Credited with SQLs, and no spend told of: {words.joined(said)}."]


def new_version_sentences(first: pd.DataFrame) -> list[str]:
    """How many of the SQLs that were paid for a new version of the criteria made of leads that were waiting."""
    paid = first[first["cost"].fillna(0).astype(float) > 0]
    made, brought = (float(paid[name].fillna(0).astype(float).sum()) for name in
                     ("sql_by_new_version_credits", "sql_credits"))  # fmt: skip
    if not made:
        return []
    return [
        f"Of {credited(brought)} SQLs of channels with spend {credited(made)} became it at the first moment of new "
        "criteria, having waited: they make an SQL look cheaper."
    ]
