"""Numbers, spans and moments in words."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.report import words
from orchestration.report.drawing import nice_end
from orchestration.report.plots import shortened

NAN = float("nan")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.percent(0.341), "34.1 %"),
        (words.percent(0), "0.0 %"),
        (words.percent(0.0001), "under 0.1 %"),
        (words.percent(0.99999), "over 99.9 %"),
        (words.percent(1), "100.0 %"),
        (words.percent(NAN), "–"),
        (words.percent_range(0.331, 0.352), "33.1 to 35.2 %"),
        (words.percent_range(NAN, 1), "–"),
        (words.count(12_345_678), "12,345,678"),
        (words.short_count(12_345_678), "12.3 million"),
        (words.short_count(9_999_999), "9,999,999"),
        (words.several(1, "lead"), "1 lead"),
        (words.several(1_200, "lead"), "1,200 leads"),
        (words.money(12.5, "EUR"), "EUR 12.50"),
        (words.money(1_234.5, "USD"), "USD 1,234"),
        (words.money(3, "(none)"), "(no currency given) 3.00"),
        (words.money(NAN, "USD"), "–"),
        (words.money_range(10, NAN), "10 or more"),
        (words.minutes(42.4), "42 min"),
        (words.minutes(-83), "1 h 23 min"),
        (words.minutes(120), "2 h"),
        (words.minutes(6_000_060), "100,001 h"),
        (words.days(1), "1 day"),
        (words.days(6.25), "6.2 days"),
        (words.moment(datetime(2026, 7, 1, 5, 3)), "1 July 2026, 05:03 UTC"),
        (words.month("2026-05"), "May 2026"),
        (words.short_month("2026-05"), "May 26"),
        (words.plain("paid_search"), "paid search"),
        (words.plain("(none)"), "not known"),
        (words.joined(["a", "b", "c"]), "a, b and c"),
        (words.gist("abc"), "a; b; c"),
        (words.gist("abcdefghi"), "9 values, first a, last i; the table below has them all"),
        (words.Names({"team_id": {"t": "Heart", "u": None}}).say("team_id", "t"), "Heart"),
        (words.Names({"team_id": {"t": "Heart", "u": None}}).say("team_id", "u"), "u"),
        (words.Names().say("location_id", None), "not known"),
        (words.Names().say("team_id", "(none)"), "nobody has worked it yet"),
    ],
)
def test_it_is_said_so(said: str, expected: str) -> None:
    assert said.replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("value", "end"), [(0.34, 0.5), (0.5, 0.5), (1, 1), (211, 250), (251, 500), (3e9, 5e9), (0.02, 0.02)]
)
def test_an_axis_ends_just_beyond_its_values(value: float, end: float) -> None:
    assert nice_end(value) == pytest.approx(end)


def test_names_that_differ_at_their_end_stay_apart() -> None:
    texas, others = (f"Orthopaedic and therapy intake, {where}" for where in ("Texas", "other states"))
    assert shortened("short", 20) == "short"
    assert len(shortened(texas, 24)) <= 24 and shortened(texas, 24) != shortened(others, 24)
