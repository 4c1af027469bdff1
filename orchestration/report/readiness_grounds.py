"""What a readiness model rests on: why it scores, its alarms, what it learned from, what it must not know, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.report import words
from orchestration.report.parts import Card, Section, Table
from orchestration.report.words import Names

Content = Mapping[str, Any]
_GIVEN_AWAY = 0.7
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
        f"Model `{version}` was trained on what was known on {_day(told['trained_as_of'])}.",
        f"{'It stays' if stays else 'It scores'}: {promotion['why']}.",
    ]
    if moved := told.get("recalibration"):
        before, after = (words.decimal(moved[name]["estimate"]) for name in ("before", "after"))
        says.append(
            f"On {_day(moved['as_of'])} all its chances were moved ({moved['shift']:+.2f} in log odds), because it had "
            f"forecast {before} SQLs for each one seen (now {after}). That holds for leads that become MQL from then on; "
            "the order of leads is the same."
        )
    says.append(
        "A first model has to beat the base rate. After that a model trained anew takes over only if it did better on "
        "leads neither had learned from, and not surely worse; otherwise the one that scores stays."
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
    says = said or ["None. Looked for were the things on the side."]
    beware = (
        "Looked for: a model or a single column that tells outcomes too well to have known them beforehand (AUC above "
        "0.95, or 0.9 alone), more or fewer SQLs forecast than seen (outside 0.8 to 1.25, and not by chance), a base "
        "rate that moved, and columns that come otherwise among the newest leads than in training.",
    )
    front = Card(
        "Alarms",
        words.several(len(severe), "alarm") if severe else "No alarm",
        str(severe[0]["words"]) if severe else "nothing that speaks against going by it",
        (words.several(len(found) - len(severe), "notice") + " below",) if len(found) > len(severe) else (),
    )
    return Section("alarms", "What to look at", tuple(says), beware, card=front)


def learned(card: Content, called: Names) -> Section:
    """Whom it learned from, and what that leaves out."""
    counts, working = card["counts"], card["working"]
    says = [
        f"It learned from {words.count(counts['used_examples'])} leads that became MQL from {_day(card['first_example'])} "
        f"to {_day(card['last_example'])} and whose time was over, {words.count(counts['converted'])} of them SQL by then. "
        "Leads still inside their time, already SQL or disqualified when they became MQL, deleted or excluded are not "
        "among them; one disqualified later counts as not SQL.",
        str(working["note"]),
        f"To be judged, it was first trained without the leads since {_day(card['split_at'])}, and without anybody who is "
        "among these; then on all.",
        f"It is {_TIERS.get(str(card['tier']), 'a model of the kind ' + str(card['tier']))}. One model serves all service "
        "lines: each has its own level and leans on the others where it has few leads.",
    ]
    if counts.get("latest_only_examples"):
        says.append(
            f"{words.count(counts['latest_only_examples'])} of its examples come from sources that keep only the latest "
            "state of a record: what is seen first there may have been filled in later than it seems, and the figures on "
            "this page may flatter the model."
        )
    beware = (
        "It knows what was in the systems at the moment, not what a call would bring out.",
        "A service line, a channel or a campaign that is new is treated as an average one until there are outcomes.",
    )
    features = Table(
        f"What it may look at ({len(card['features'])})",
        ("feature",),
        tuple((words.plain(str(name)),) for name in card["features"]),
    )
    return Section("learned", "What it learned from", tuple(says), beware, tables=(features,))


def protected(card: Content, called: Names) -> Section:
    """What it must not know, and how far the rest gives it away."""
    excluded: Mapping[str, str] = card["excluded_attributes"]
    named = [f"{words.plain(name)} ({why})" if why != "protected" else words.plain(name) for name, why in excluded.items()]
    proxies = [row for row in card["proxies"] if row["auc"]]
    says = [
        f"Never a feature, whatever it would tell: {words.joined(named)}." if named else "The policy bars no attribute.",
    ]
    if proxies:
        telling = [row for row in proxies if row["auc"]["estimate"] >= _GIVEN_AWAY]
        said = words.joined([f"{words.plain(row['attribute'])} {words.plain(row['level'])}" for row in telling[:5]])
        says.append(
            "Something may stand in for what is barred. So it was tried to guess each barred attribute from the features "
            "(0.5: no better than chance; 1: always): "
            + (f"guessed well are {said}." if telling else f"none is guessed well (all below {_GIVEN_AWAY}).")
        )
    untold = sorted({row["attribute"] for row in card["proxies"] if not row["auc"]})
    if untold:
        says.append(f"Too few leads have told {words.joined([words.plain(name) for name in untold])} to try that.")
    tables = [
        Table(
            "How well a barred attribute can be guessed",
            ("attribute", "value", "leads", "AUC", "95 % interval"),
            tuple(
                (
                    words.plain(row["attribute"]),
                    words.plain(row["level"]),
                    words.count(row["rows"]),
                    words.decimal(row["auc"]["estimate"]),
                    " to ".join(words.decimal(row["auc"][side]) for side in ("lower", "upper")),
                )
                for row in proxies
            ),
        )
    ]
    beware = ("That an attribute can be guessed does not say that the model treats its groups otherwise; it could.",)
    return Section("protected", "What it must not know", tuple(says), beware, tables=tuple(tables if proxies else ()))


def control(report: Content) -> Section:
    """Leads routed without their score."""
    title = "Leads routed without it"
    why = (
        "Who is scored high is called first, and may become SQL for that very reason. So a random share of leads can be "
        "routed as if nobody had scored them (the setting `control_share`): they show what scores are worth by themselves."
    )
    if not report:
        return Section("control", title, (why, "No such lead has reached the end of its time yet, or none is drawn."))
    groups = {"control": "routed without it", "others": "routed by it"}
    rows = tuple(
        (
            said,
            words.count(found["rows"]),
            words.count(found["converted"]),
            words.percent(found["observed_rate"]["estimate"]) if found["rows"] else words.NO_VALUE,
            words.percent(found["mean_readiness"]) if found["rows"] else words.NO_VALUE,
            words.decimal(found["auc"]["estimate"], 3) if found["rows"] else words.NO_VALUE,
        )
        for name, said in groups.items()
        for found in [report[name]]
    )
    header = ("leads", "number", "became SQL", "share", "mean readiness", "AUC")
    apart, difference = report["population"]["auc"], report["difference"]
    says = [
        why,
        f"By their readiness the two groups are told apart with an AUC of {words.decimal(apart['estimate'])} "
        f"({' to '.join(words.decimal(apart[side]) for side in ('lower', 'upper'))}; 0.5: alike, as a random draw should "
        "be). "
        + (
            f"Of those routed by it {100 * difference['estimate']:+.1f} in 100 more became SQL "
            f"({100 * difference['lower']:+.1f} to {100 * difference['upper']:+.1f})."
            if difference["estimate"] is not None
            else ""
        ),
    ]
    unbiased = report["unbiased"]
    if unbiased:
        says.append(
            f"Judged by these alone, scores tell SQLs apart with an AUC of {words.decimal(unbiased['auc']['estimate'], 3)} "
            f"and forecast {words.decimal(unbiased['predicted_over_actual']['estimate'])} SQLs for each one seen."
        )
    else:
        says.append(
            f"They are too few to judge scores by: {report['needed']} that became SQL and as many that did not are needed."
        )
    return Section("control", title, tuple(says), tables=(Table("Leads whose time is over", header, rows),))


def details(card: Content, version: str) -> Section:
    """More numbers, for those who want them."""
    model = card["holdout"]["measures"]["model"]
    parts, tried = model["brier_parts"], card["holdout"].get("tried", {})
    rows = [
        ("calibration, level (0: as many as forecast)", _limits(model["calibration_level"])),
        ("calibration, slope (1: as spread as forecast)", _limits(model["calibration_slope"])),
        ("expected calibration error (above 0 by chance alone)", _limits(model["calibration_error_interval"])),
        ("AUC", _limits(model["auc"])),
        ("average precision", words.decimal(model["average_precision"], 3)),
        ("log loss", words.decimal(model["log_loss"], 4)),
        ("Brier score", words.decimal(model["brier"], 4)),
        ("  reliability (less is better)", words.decimal(parts["reliability"], 4)),
        ("  − resolution (more is better)", words.decimal(parts["resolution"], 4)),
        ("  + uncertainty (of the leads, not of the model)", words.decimal(parts["uncertainty"], 4)),
        ("  + within tenths", words.decimal(parts["within_bins"], 4)),
    ]
    if weighted := model.get("weighted"):
        for name, said, digits in (("log_loss", "log loss", 4), ("brier", "Brier score", 4), ("auc", "AUC", 3)):
            rows.append((f"{said}, worked leads weighted for unworked ones", words.decimal(weighted[name], digits)))
    for name, loss in tried.get("log_loss", {}).items():
        what = {"auto": "the model", "points": "points alone"}.get(name, name)
        rows.append((f"log loss while choosing ({tried['folds']} splits in time): {what}", words.decimal(loss, 4)))
    says = (
        "Every figure counts each lead once, but where it says weighted. Intervals are 95 %: DeLong's for AUC, Wald's for "
        "the calibration line, bootstrap for its error.",
        f"Model `{version}`; data `{card['hashes']['data'][:12]}`, code `{card['hashes']['code'][:12]}`.",
    )
    return Section("details", "More numbers", says, tables=(Table("On the hold-out", ("measure", "value"), tuple(rows)),))


def _limits(interval: Content) -> str:
    if interval["estimate"] is None:
        return "not to be told"
    limits = " to ".join(words.decimal(interval[side], 3) for side in ("lower", "upper"))
    return f"{words.decimal(interval['estimate'], 3)} ({limits})"


def _day(text: str) -> str:
    return words.day(datetime.fromisoformat(str(text)))
