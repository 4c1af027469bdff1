"""Cost per SQL where it has no single answer: two currencies, more channels than a picture holds, refunds."""

from __future__ import annotations

import pandas as pd

from orchestration.report.parts import Section
from orchestration.report.sections import costs
from tests.unit.report.frames import FACTS
from tests.unit.report.rows import cost_row


def section_of(*rows: dict[str, object]) -> tuple[Section, str]:
    section = costs.section({"fct_channel_costs": pd.DataFrame(rows)}, FACTS)
    return section, "\n".join((*section.says, *section.card.rests_on)).replace("\u00a0", " ")


def test_a_channel_paid_in_two_currencies_has_no_single_cost() -> None:
    """As the mart has it (golden story channel_costs): each cost in a row of its own, what it brought in another."""
    section, said = section_of(
        cost_row("first", "radio", 0, 12, currency="(several)"),
        cost_row("first", "radio", 20, 0, currency="USD"),
        cost_row("first", "radio", 9, 0, currency="CAD"),
        cost_row("first", "television", 30, 1, currency="USD"),
    )
    assert "radio was paid in several currencies: CAD 9.00 and USD 20.00 spent, 12 SQLs. These are never added" in said
    assert "USD 50.00 spent. Least for an SQL: television, USD 30.00." in said and "CAD 9.00 spent." in said
    assert "no SQL" not in said and "no spend told of" not in said
    card = [tuple(cell.replace("\u00a0", " ") for cell in row) for row in section.card.table.rows]
    assert [(row[0], row[1], row[3]) for row in card] == [
        ("television", "USD 30.00", "1"),
        ("radio, in several currencies", "–", "12"),
    ]
    assert [figure.title for figure in section.figures] == ["Cost per SQL, USD", "Spend beside SQLs, USD"]


def test_spend_in_one_currency_now_and_another_later_is_no_less_two() -> None:
    _, said = section_of(
        cost_row("first", "radio", 0, 3, currency="(several)"),
        cost_row("first", "radio", 400, 0, currency="EUR"),
        cost_row("first", "radio", 20, 0, currency="USD", is_mature=False),
    )
    assert "radio was paid in several currencies: EUR 400 spent, 3 SQLs." in said and "no SQL" not in said


def test_more_channels_than_a_picture_holds_are_in_the_sums_and_said_to_be_left_out() -> None:
    """Twenty channels: the dearest for an SQL and those that brought none are not among the first by cost."""
    rows = [cost_row("first", f"channel_{place:02d}", 1_000 + place, 20 - place) for place in range(19)]
    section, said = section_of(*rows, cost_row("first", "wasted", 500, 0))
    assert "USD 19,671 spent. Least for an SQL: channel 00, USD 50.00; most: channel 18, USD 509." in said
    assert "Spent without an SQL: wasted (USD 500)." in said
    assert "Shown in USD are the 12 channels with most spend of 20." in said
    assert "14 channels with less spend are not listed" in said
    assert [row[0] for row in section.card.table.rows] == [f"channel {place}" for place in range(13, 19)]
    assert {row[0] for row in section.figures[0].table.rows} == {f"channel {place:02d}" for place in range(7, 19)}


def test_what_was_paid_back_is_no_spend() -> None:
    section, said = section_of(cost_row("first", "radio", 100, 0), cost_row("first", "events", -120, 4))
    assert "USD 100 spent, and no SQL credited to a channel that spends." in said
    assert "More paid back than spent, and in no cost here: events (USD -120)." in said
    assert [figure.title for figure in section.figures] == ["Spend beside SQLs, USD"]
