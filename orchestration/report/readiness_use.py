"""What intake should do with readiness and what not, with the figures of the card that speak for it."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Section, Table
from orchestration.report.readiness_words import Content


def use(card: Content) -> Section:
    """What to do by it, and what comes of leads nobody calls."""
    working = card["working"]
    told, tables = _uncalled(working, int(card["counts"]["converted"]))
    says = (
        "Where not all can be called at once, call the readiest first and the others after them, within the time that "
        "is promised: a low band is a place in the queue, no reason to drop anybody.",
        _record(working),
        "What a call brings out counts for more than the score, which is of the moment of becoming MQL and is not "
        "changed afterwards. The reasons beside it say what raised or lowered it: they hold of this lead, but they are "
        "no causes.",
        told,
    )
    beware = (
        "A score is no judgement of a person and no finding about health, need or eligibility: whether somebody is "
        "eligible is found out in screening, by the written criteria.",
    )
    return Section("use", "What to do with it", says, beware, tables=tables)


def _record(working: Content) -> str:
    if working["untold_count"] == working["row_count"]:
        return (
            "If there are records of whom staff tried and reached, have them sent: without them a lead nobody called "
            "counts as one that said no."
        )
    return (
        "Record every try, also one nobody answered, and what came of it. A lead that did not become SQL and has no "
        "try on record is left out: the model learns nothing from it, and of a kind of leads that is never tried it "
        "can only guess."
    )


def _uncalled(working: Content, converted: int) -> tuple[str, tuple[Table, ...]]:
    """What becomes of leads nobody works, as far as it is recorded."""
    alone, left, worked = (
        int(working[name]) for name in ("converted_unworked_count", "left_out_count", "worked_count")
    )
    if working["untold_count"]:
        return "If nobody calls? That cannot be told here: not all sources tell whom staff tried or reached.", ()
    if not (alone + left and worked):
        return "If nobody calls? That is not known: no lead went untried, or all did.", ()
    rows = tuple(
        (what, words.count(leads), words.count(sqls), words.of_a_hundred(sqls / leads))
        for what, leads, sqls in (
            ("nobody had tried or reached", alone + left, alone),
            ("intake tried or reached", worked, converted - alone),
        )
    )
    says = (
        f"If nobody calls? Of {words.count(alone + left)} MQLs whom nobody had tried or reached {words.count(alone)} "
        f"became SQL of themselves ({rows[0][3]}), of {words.count(worked)} others {words.count(converted - alone)} "
        f"did ({rows[1][3]}). The difference is not what a call is worth: who books before its turn never comes to be "
        "called. A score is the chance if the lead is worked; it does not fall while nobody calls, and does not come "
        "true of itself."
    )
    header = ("leads", "number", "became SQL", "share")
    return says, (Table("MQLs whose time is over, with and without a try on record", header, rows),)
