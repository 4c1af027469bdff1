"""What a readiness model rests on: why it scores, its alarms, what it learned from, what it must not know, and the "
"rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.report import words
from orchestration.report.parts import Card, Section, Table
from orchestration.report.readiness_groups import groups_table, groups_words
from orchestration.report.readiness_words import Content, day, value_words, weighted_words

_GIVEN_AWAY = 0.7
# `models_ml.readiness.promotion.MIN_UNSEEN`, said without loading what trains.
_UNSEEN = 20
_UNTRIED = {
    "too_few_leads": "Too few leads have told {} to try that.",
    "too_many_values": "Leads have told too many different values of {}, each of too few, to try that.",
}
_TIERS = {
    "points": "the criteria's points, put on the scale of chances",
    "small": "a small model: few outcomes, so it is held close to what is plain",
    "full": "the full model: curves and trees, calibrated on leads each part had not seen",
}


def verdict(told: Content, version: str) -> Section:
    """Why this model scores."""
    promotion = told["promotion"]
    stays = promotion["decision"] == "incumbent"
    says = [
        f"Model `{version}` was trained on what was known on {day(told['trained_as_of'])}.",
        f"{'It stays' if stays else 'It scores'}: {promotion['why']}. (The hold-out: the leads it was tried on. The "
        "base rate: the same chance for every lead. Log loss: how far forecasts lay off, less is better.)",
    ]
    if moved := told.get("recalibration"):
        before, after = (words.decimal(moved[name]["estimate"]) for name in ("before", "after"))
        says.append(
            f"On {day(moved['as_of'])} all its chances were moved ({moved['shift']:+.2f} in log odds), because it had "
            f"forecast {before} SQLs for each one seen (now {after}). That holds for leads that become MQL from then "
            "on; the order of leads is the same. The cuts of the bands on this page are those that hold since; the "
            "figures of how it did were taken before the move."
        )
    says.append(
        "A first model has to beat the base rate. After that a daily run trains another once "
        f"{_UNSEEN} leads that became SQL and {_UNSEEN} that did not are new to the one that scores, or the code that "
        "makes models has changed. It takes over only if it did better on leads neither had learned from (after a "
        "change of code: if it beats the base rate); otherwise the one that scores stays. One that uses what is barred "
        "now, or speaks of another horizon, goes."
    )
    return Section("verdict", "Why this model scores", tuple(says), tables=tuple(_duel(promotion)))


def _duel(promotion: Content) -> list[Table]:
    compared = promotion.get("compared")
    if not compared:
        return []
    names = {"challenger": "trained anew", "incumbent": "from before"}
    rows = tuple(
        (
            names[name],
            words.count(found["rows"]),
            words.count(found["converted"]),
            words.decimal(found["log_loss"], 4),
            words.decimal(found["auc"]["estimate"], 3),
            words.decimal(found["predicted_over_actual"]["estimate"]),
        )
        for name in names
        if (found := compared.get(name))
    )
    header = ("model", "leads", "became SQL", "log loss", "AUC", "forecast for each one seen")
    return [Table("The two on leads neither had learned from", header, rows)]


def alarms(told: Content) -> Section:
    """What somebody should look at."""
    found = told.get("alarms", ())
    severe = [alarm for alarm in found if alarm["severity"] == "severe"]
    said = [("Look at this first: " if alarm in severe else "") + str(alarm["words"]) for alarm in found]
    says = said or ["No alarm."]
    says.append(
        "Looked for are: a model or a single column that tells outcomes too well to have known them "
        "beforehand (AUC above 0.95, or 0.9 alone), more or fewer SQLs forecast than seen "
        "(outside 0.8 to 1.25, and not by chance), a base rate that moved, and columns that come otherwise among the "
        "newest leads than in training."
    )
    front = Card(
        "Alarms",
        words.several(len(severe), "alarm") if severe else "No alarm",
        str(severe[0]["words"]) if severe else "nothing that speaks against going by it",
        (words.several(len(found) - len(severe), "notice") + " below",) if len(found) > len(severe) else (),
    )
    return Section("alarms", "What to look at", tuple(says), card=front)


def learned(card: Content) -> Section:
    """Whom it learned from, and what that leaves out."""
    counts, working = card["counts"], card["working"]
    says = [
        f"It learned from {words.count(counts['used_examples'])} leads that became MQL from "
        f"{day(card['first_example'])} to {day(card['last_example'])} and whose time was over, "
        f"{words.count(counts['converted'])} of them SQL by then. Leads still inside their time, already "
        "SQL or disqualified when they became MQL, deleted or excluded are not among them; one "
        "disqualified later counts as not SQL.",
        str(working["note"]),
        f"To be judged, it was first trained without the leads since {day(card['split_at'])}, and without anybody "
        "who is among these; then on all.",
        f"It is {_TIERS.get(str(card['tier']), 'a model of the kind ' + str(card['tier']))}. One model serves all "
        "service lines: each has its own level and leans on the others where it has few leads.",
    ]
    if counts.get("latest_only_examples"):
        says.append(
            f"{words.count(counts['latest_only_examples'])} of its examples come from sources that keep only the "
            "latest state of a record: what is seen first there may have been filled in later than it seems, and the "
            "figures on this page may flatter the model."
        )
    beware = (
        "It knows what was in the systems at the moment, not what a call would bring out.",
        "A service line, a channel or a campaign that is new is treated as an average one until there are outcomes.",
    )
    says.append(f"It may look at {words.several(len(card['features']), 'thing')}, as known when the lead became MQL.")
    return Section("learned", "What it learned from", tuple(says), beware, tables=(_features(card["features"]),))


def _features(names: Sequence[str]) -> Table:
    """What it may look at, by where it comes from."""
    found: dict[str, list[str]] = {}
    for name in names:
        kind, _, bare = name.partition(" ")
        found.setdefault(kind if bare else "column", []).append(words.plain(bare or name))
    kinds = {
        "column": "of the lead and its criteria",
        "attribute": "told by the lead",
        "signal_count": "how often it did",
        "signal_days": "how long ago it did",
        "signal_points": "points, as they fade, by rule",
    }
    rows = tuple((kinds.get(kind, kind), ", ".join(each)) for kind, each in found.items())
    return Table("What it may look at", ("where it comes from", "what it is"), rows, numeric_from=2)


def protected(card: Content) -> Section:
    """What it must not know, and how far the rest gives it away."""
    excluded: Mapping[str, str] = card["excluded_attributes"]
    named = [
        f"{words.plain(name)} ({why})" if why != "protected" else words.plain(name) for name, why in excluded.items()
    ]
    proxies = [row for row in card["proxies"] if row["auc"]]
    says = [
        f"Never a feature, whatever it would tell: {words.joined(named)}."
        if named
        else "The policy bars no attribute.",
    ]
    if proxies:
        telling = [row for row in proxies if row["auc"]["estimate"] >= _GIVEN_AWAY]
        said = words.joined([f"{words.plain(row['attribute'])} {words.plain(row['level'])}" for row in telling[:5]])
        says.append(
            "Something may stand in for what is barred. So it was tried to guess each barred attribute from the "
            "features (0.5: no better than chance; 1: always): "
            + (f"guessed well are {said}." if telling else f"none is guessed well (all below {_GIVEN_AWAY}).")
        )
    says += _untried(card)
    tables = [
        Table(
            "How well a barred attribute can be guessed (tried on at most 4,000 leads)",
            ("attribute", "value", "leads", "AUC", "95 % interval"),
            tuple(
                (
                    words.plain(row["attribute"]),
                    value_words(str(row["attribute"]), str(row["level"])),
                    words.count(row["rows"]),
                    words.decimal(row["auc"]["estimate"]),
                    " to ".join(words.decimal(row["auc"][side]) for side in ("lower", "upper")),
                )
                for row in proxies
            ),
        )
    ]
    beware = ("That an attribute can be guessed does not say that the model treats its groups otherwise; it could.",)
    fair = card["holdout"].get("by_protected", ())
    shown = (*(groups_table(fair, weighted_words(card)) if fair else ()), *(tables if proxies else ()))
    return Section("protected", "What it must not know", (*says, *groups_words(fair)), beware, tables=shown)


def _untried(card: Content) -> list[str]:
    """Barred attributes that nothing could be said of, and why."""
    found: dict[str, list[str]] = {}
    for row in card["proxies"]:
        if not row["auc"]:
            found.setdefault(row.get("why", "too_few_leads"), []).append(words.plain(row["attribute"]))
    return [_UNTRIED[why].format(words.joined(sorted(names))) for why, names in sorted(found.items())]
