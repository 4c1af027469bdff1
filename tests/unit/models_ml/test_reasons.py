"""What a reason says is true of the lead: every sentence is read again, by other code, against the lead's own rows."""

from __future__ import annotations

import json
import math
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.readiness import score_readiness
from models_ml.readiness.columns import SIGNAL_COUNT, SIGNAL_DAYS
from models_ml.readiness.explain import LONGEST, TYPICAL, explain_scores, moved, strength
from models_ml.readiness.phrases import Words, phrase, theme_of
from tests.unit.models_ml.scored import AS_OF, WORDS, leads, model

ROWS, FACTS, _ = leads(400, seed=11)
SCORES = score_readiness(model(), ROWS, FACTS, already_scored=ROWS.head(0), as_of=AS_OF, words=WORDS)
AGO = r"(less than a day|1 day|\d+ days)"
KNOWN = {"commercial", "self pay", "medicaid"}


def facts_of(key: str) -> dict[str, str]:
    own = FACTS[FACTS["record_key"] == key]
    return {f"{kind} {name}": value for kind, name, value in zip(own["kind"], own["name"], own["value"], strict=True)}


def days_said(text: str) -> int:
    return 0 if text == "less than a day" else int(text.split()[0])


def holds(says: str, row: pd.Series, facts: dict[str, str]) -> bool:
    """Whether a phrase is true of the lead, read from its words alone."""
    for done, name in (("asked for an appointment", "appointment_request"), ("downloaded a guide", "content_download")):
        count = int(float(facts.get(f"signal_count {name}", "0")))
        ago = float(facts.get(f"signal_days {name}", "nan"))
        if says == f"not yet {done}":
            return count == 0
        if found := re.fullmatch(rf"{done} (once|\d+ times)(?:, (last )?{AGO} before)?", says):
            said = 1 if found[1] == "once" else int(found[1].split()[0])
            is_last = found[2] is not None
            return said == count and math.floor(ago) == days_said(found[3]) and is_last is (count > 1)
    payer = facts.get("attribute payer_type")
    named = {"commercial": "commercial", "self_pay": "self pay", "medicaid": "medicaid"}
    simple = {
        "payer not told": payer is None,
        "an uncommon payer": payer is not None and payer not in named,
        "no campaign known": row["campaign_id"] is None,
        "the campaign it came by": row["campaign_id"] is not None,
        "no first page known": row["landing_page"] is None,
        "the first page it came by": row["landing_page"] is not None,
        "channel not known": row["channel"] is None,
        "channel search advertisements": row["channel"] == "paid_search",
        "channel direct": row["channel"] == "direct",
        "service line not known": row["service_line"] is None,
        "location Austin": row["location_id"] == "loc_1",
        "location Dallas": row["location_id"] == "loc_2",
        "no fit points": row["fit_points"] == 0,
        "no touch so far": row["touch_count"] == 0,
    }
    if says in simple:
        return bool(simple[says])
    patterns = {
        r"payer (.+)": lambda text: named.get(payer or "") == text,
        r"service line (.+)": lambda text: row["service_line"] == text,
        r"([\d.]+) fit points?": lambda text: float(text) == row["fit_points"],
        r"(\d+) touche?s? so far": lambda text: int(text) == row["touch_count"],
        rf"a lead for {AGO}": lambda text: days_said(text) == math.floor(row["days_as_lead"]),
    }
    for pattern, is_true in patterns.items():
        if found := re.fullmatch(pattern, says):
            return is_true(found[1])
    raise AssertionError(f"nobody can read: {says}")


def told() -> list[tuple[pd.Series, dict[str, str], list[str], list[dict[str, object]]]]:
    rows = ROWS.astype(object).where(ROWS.notna(), None).set_index("record_key")
    return [
        (rows.loc[score.record_key], facts_of(str(score.record_key)), str(score.reasons).split("; "),
         json.loads(str(score.contributions)))
        for score in SCORES.itertuples()
    ]  # fmt: skip


def test_every_claim_is_true_of_its_lead() -> None:
    claims = 0
    for row, facts, reasons, parts in told():
        texts = [reason.split(": ", 1)[1] for reason in reasons if reason != TYPICAL]
        texts += [str(part["says"]) for part in parts if "says" in part]
        for text in texts:
            assert holds(text, row, facts), (text, dict(row), facts)
            claims += 1
    assert claims > 2000


def test_the_reader_of_claims_can_tell_a_lie() -> None:
    row, facts, _, _ = next(each for each in told() if each[1].get("attribute payer_type") == "medicaid")
    assert holds("payer medicaid", row, facts) and not holds("payer commercial", row, facts)
    assert not holds("payer not told", row, facts) and not holds("asked for an appointment 9 times", row, facts)


def test_raised_and_lowered_follow_the_contributions_strongest_first() -> None:
    seen = set()
    for _, _, reasons, parts in told():
        by_text = {str(part["says"]): float(str(part["log_odds"])) for part in parts if "says" in part}
        total = sum(float(str(part["log_odds"])) for part in parts)
        pulls = []
        for reason in reasons:
            if reason == TYPICAL:
                continue
            how, text = reason.split(": ", 1)
            pulls.append(abs(by_text[text]))
            moves = 1 / (1 + math.exp(-total)) - 1 / (1 + math.exp(by_text[text] - total))
            much = " much" if abs(moves) >= 0.1 else " a little" if abs(moves) < 0.03 else ""
            assert how == f"{'raised' if by_text[text] > 0 else 'lowered'}{much}" and abs(moves) >= 0.01
            seen.add(how)
        assert pulls == sorted(pulls, reverse=True)
    assert len(seen) == 6


def test_reasons_name_nobody_nothing_protected_and_no_campaign_or_page() -> None:
    text = " ".join([*SCORES["reasons"], *SCORES["contributions"]])
    barred = ["named after somebody", "18-34", "75+", "age_band", "age band", "c-81734", "c-99", "/heart", "/knee"]
    assert not [value for value in (*barred, *ROWS["record_key"]) if value in text]
    assert "payer not told" in text and (FACTS["value"] == "named after somebody").any()
    name = "attribute payer_type"
    assert phrase(name, {name: "named after somebody"}, {"commercial"}, WORDS) == "an uncommon payer"


def test_reasons_fit_a_crm_and_are_said_whole() -> None:
    assert SCORES["reasons"].str.len().max() <= LONGEST
    long = Words(signals={"appointment_request": "Asked " + "for an appointment in very many words " * 5})
    scores = score_readiness(model(), ROWS, FACTS, already_scored=ROWS.head(0), as_of=AS_OF, words=long)
    assert not scores["reasons"].str.contains("in very many words").any()
    assert scores["reasons"].str.len().max() <= LONGEST


@settings(max_examples=50)
@given(count=st.integers(0, 40), days=st.floats(0, 400))
def test_how_often_and_how_lately_are_said_as_they_are(count: int, days: float) -> None:
    facts = {f"{SIGNAL_COUNT} call": float(count), f"{SIGNAL_DAYS} call": days if count else float("nan")}
    says = phrase("signal call", facts, (), Words(signals={"call": "Called us"}))
    assert (says == "not yet called us") is (count == 0)
    if count:
        times, ago = says.removeprefix("called us ").split(", ")
        assert times == ("once" if count == 1 else f"{count} times")
        assert days_said(ago.removeprefix("last ").removesuffix(" before")) == math.floor(days)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("session_count", 0.0, "no session known"),
        ("session_count", None, "no session known"),
        ("session_count", 1.0, "1 visit to the website"),
        ("session_count", 3.0, "3 visits to the website"),
        ("touches_per_session", float("nan"), "no session known"),
        ("fit_points", None, "fit points not known"),
        ("fit_points", 0.0, "no fit points"),
        ("behaviour_points", 12.5, "12.5 behaviour points"),
    ],
)
def test_what_is_not_known_is_not_called_none(column: str, value: float | None, says: str) -> None:
    assert phrase(theme_of(column, WORDS), {column: value}, (), WORDS) == says


@pytest.mark.parametrize(
    ("count", "each", "says"),
    [
        (0.0, None, "no session known"),
        (1.0, 1.0, "1 visit to the website, 1 touch a visit"),
        (3.0, 2.5, "3 visits to the website, 2.5 touches a visit"),
    ],
)
def test_sessions_are_one_reason_whatever_columns_tell_of_them(count: float, each: float | None, says: str) -> None:
    columns = ["session_count", "touches_per_session"]
    pulls = pd.DataFrame([[0.7, 0.2]], columns=columns)
    told = explain_scores(pd.DataFrame([[count, each]], columns=columns), pulls, -0.5, {}, WORDS)
    assert told.reasons == [f"raised much: {says}"]
    parts = json.loads(told.contributions[0])
    assert [(part["feature"], part["log_odds"]) for part in parts] == [
        ("sessions", 0.9),
        ("(rest)", 0),
        ("(base)", -0.5),
    ]


def test_words_of_strength() -> None:
    said = [strength(change) for change in (0.2, 0.05, 0.01, -0.02)]
    assert said == ["raised much", "raised", "raised a little", "lowered a little"]
    assert moved(0.0, 0.0) == 0 and moved(2.0, 1.0) == pytest.approx(0.149738, abs=1e-6)
