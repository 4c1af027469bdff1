"""Scores judged by leads routed without them, and the rest of a card's numbers."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Section, Table
from orchestration.report.readiness_words import Content

_WHY = (
    "Who is scored high is called first, and may become SQL for that very reason. So a random share of leads can "
    "be routed as if nobody had scored them (the setting `control_share`): they show what scores are worth by "
    "themselves."
)
_KEPT = (
    "Such a lead is scored and the score is kept back: in the CRM it has no readiness, band or reasons, and it is "
    "queued as leads are in a house without scores, so it may be called sooner or later than its score would have "
    "had it. Work it like any other: that is all it is drawn for."
)


def control(report: Content) -> Section:
    """Leads routed without their score."""
    title = "Leads routed without it"
    if not report.get("control"):
        return Section("control", title, (_WHY, _KEPT, _none_yet(report.get("drawn"))))
    apart, difference = report["population"]["auc"], report["difference"]
    says = [
        _WHY,
        _KEPT,
        f"By their readiness the two groups are told apart with an AUC of {words.decimal(apart['estimate'])} "
        f"({' to '.join(words.decimal(apart[side]) for side in ('lower', 'upper'))}; 0.5: alike, as a random draw "
        "should be). "
        + (
            f"Of those routed by it {100 * difference['estimate']:+.1f} in 100 more became SQL "
            f"({100 * difference['lower']:+.1f} to {100 * difference['upper']:+.1f})."
            if difference["estimate"] is not None
            else ""
        ),
    ]
    if report["left_out"]:
        says.append(
            f"Left out are {words.count(report['left_out'])} that nobody worked and that did not come by themselves: "
            "readiness is what comes of a lead that is worked. Worked ones stand for them in shares and forecasts."
        )
    unbiased = report["unbiased"]
    if unbiased:
        says.append(
            "Judged by these alone, scores tell SQLs apart with an AUC of "
            f"{words.decimal(unbiased['auc']['estimate'], 3)} "
            f"and forecast {words.decimal(unbiased['predicted_over_actual']['estimate'])} SQLs for each one seen."
        )
    else:
        says.append(
            f"They are too few to judge scores by: {report['needed']} that became SQL and as many that did not are "
            "needed."
        )
    return Section("control", title, tuple(says), tables=(_outcomes(report),))


def _none_yet(drawn: Content | None) -> str:
    if drawn is None:
        return "No such lead has reached the end of its time yet, or none is drawn."
    if not drawn["control"]:
        return f"None of the {words.count(drawn['scored'])} leads scored so far was drawn."
    return (
        f"So far {words.count(drawn['control'])} of {words.count(drawn['scored'])} scored leads were drawn. The time "
        "of none of them is over yet: what they show stands here once it is."
    )


def _outcomes(report: Content) -> Table:
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
    return Table("Leads whose time is over", header, rows)


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
        "Here every figure counts each lead once, but where it says weighted. Intervals are 95 %: DeLong's for AUC, "
        "Wald's for the calibration line, bootstrap for its error.",
        f"Model `{version}`; data `{card['hashes']['data'][:12]}`, code `{card['hashes']['code'][:12]}`.",
    )
    return Section(
        "details", "More numbers", says, tables=(Table("On the hold-out", ("measure", "value"), tuple(rows)),)
    )


def _limits(interval: Content) -> str:
    if interval["estimate"] is None:
        return "not to be told"
    limits = " to ".join(words.decimal(interval[side], 3) for side in ("lower", "upper"))
    return f"{words.decimal(interval['estimate'], 3)} ({limits})"
