"""What the CRM holds of each lead: versions of the record, attributes as they became known, consents.

Corrections, merges, un-merges and deletions are later versions; a value staff fill in after a talk is known then.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import DAY, MINUTE, NEVER, SECOND, stamps
from models_ml.world.draws import Bools, Draws, Ints
from models_ml.world.intake import payer_given
from models_ml.world.scenario import Scenario
from models_ml.world.texts import Texts, keep, lead_ids

# Share of the payers named at the form that are wrong; corrected after the first talk.
PAYER_WRONG = 0.05
_LOCATION_IDS = np.array([place.id for place in clinic.LOCATIONS], dtype=object)
_CAMPAIGN_IDS = np.array([*(campaign.id for campaign in clinic.CAMPAIGNS), None], dtype=object)


def add_record_life(draws: Draws, scenario: Scenario, cast: pd.DataFrame) -> None:
    """Adds to the cast when its record is known, corrected, merged, un-merged and deleted (micros, NEVER)."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    usual = 2 * SECOND if scenario.lags else 0
    cast["known"] = created + usual + scenario.late_by(draws, "lead_late", scenario.late_records, 48, number)
    errors = scenario.typing_errors

    def later(stream: str, share: float | Bools, days: float) -> Ints:
        after = (0.05 + draws.exponential(stream + "_after", days, number)) * DAY
        moment = (created + after.astype(np.int64)) // SECOND * SECOND
        return np.where(draws.chance(stream, share, number), moment, NEVER)

    cast["line_fixed_at"] = later("wrong_line", 0.035 * errors, 2.0)
    cast["location_moved_at"] = later("moves_location", 0.02, 15.0)
    cast["mail_fixed_at"] = later("mail_typo", 0.015 * errors, 4.0)
    cast["deleted_at"] = later("deleted", 0.005, 50.0)
    merges = cast["is_duplicate"].to_numpy() & draws.chance("merge_found", 0.88, number)
    cast["merged_at"] = later("merged", merges.astype(np.float64), 5.0)
    cast["merge_by_link"] = draws.chance("merge_by_link", 0.2, number)
    undone = draws.chance("unmerged", 0.06, number) & ~cast["merge_by_link"].to_numpy() & merges
    cast["unmerged_at"] = np.where(undone, cast["merged_at"].to_numpy() + 9 * DAY, NEVER)


def _versions(cast: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Row of the cast, moment and moment known of each version of its record."""
    names = ("created", "line_fixed_at", "location_moved_at", "mail_fixed_at", "deleted_at", "merged_at", "unmerged_at")
    by_link = cast["merge_by_link"].to_numpy()
    moments = np.stack(
        [np.where(by_link & (name == "merged_at"), NEVER, cast[name].to_numpy()) for name in names], axis=1
    )
    row, which = np.nonzero(moments < NEVER)
    at = moments[row, which]
    # What a version says follows from when it was made; a record that comes late brings its first versions with it.
    return row, at, np.maximum(at, cast["known"].to_numpy()[row] + which * SECOND)


def lead_table(draws: Draws, cast: pd.DataFrame) -> pd.DataFrame:
    """The contract's leads, one row per version (micros `known`)."""
    row, at, known = _versions(cast)
    own = cast.iloc[row]
    number, person = own["number"].to_numpy(), own["person"].to_numpy()
    line, location = own["line"].to_numpy(), own["location"].to_numpy()
    wrong = (line + 1 + draws.below("wrong_line_to", len(clinic.SERVICE_LINES) - 1, number)) % len(clinic.SERVICE_LINES)
    line = np.where((own["line_fixed_at"] < NEVER) & (at < own["line_fixed_at"]), wrong, line)
    location = np.where(
        (own["location_moved_at"] < NEVER) & (at >= own["location_moved_at"]),
        (location + 1) % len(_LOCATION_IDS),
        location,
    )
    merged = (at >= own["merged_at"]) & (at < own["unmerged_at"]) & ~own["merge_by_link"]
    typo = (own["mail_fixed_at"] < NEVER) & (at < own["mail_fixed_at"])
    mail = np.where(typo, own["email"].str.replace("example.org", "exmaple.org"), own["email"]).astype(object)
    channel = own["channel"].to_numpy()
    return pd.DataFrame({
        "lead_id": lead_ids(number),
        "created_at": stamps(own["created"].to_numpy()),
        "service_line": keep(np.array(clinic.LINE_IDS, dtype=object)[line], draws.chance("has_line", 0.985, number)),
        "location_id": keep(_LOCATION_IDS[location], draws.chance("has_location", 0.96, number)),
        "channel": keep(np.array(clinic.CHANNELS, dtype=object)[channel], draws.chance("has_channel", 0.96, number)),
        "platform": np.array(clinic.PLATFORMS, dtype=object)[channel],
        "campaign_id": _CAMPAIGN_IDS[clinic.campaign_table()[channel, own["line"].to_numpy()]],
        "email": keep(mail, own["has_email"].to_numpy()),
        "phone": keep(own["phone"].to_numpy(), own["has_phone"].to_numpy()),
        "first_name": own["first_name"].to_numpy(),
        "last_name": own["last_name"].to_numpy(),
        "postal_code": keep(own["postal_code"].to_numpy(), draws.chance("has_postal", 0.93, number)),
        "merged_into_lead_id": keep(lead_ids(person), merged),
        "is_deleted": at >= own["deleted_at"].to_numpy(),
        "known": known,
    })  # fmt: skip


class _Facts:
    """Collects attribute rows; `put` keeps those whose moment comes, late where the scenario has it so."""

    def __init__(self, draws: Draws, scenario: Scenario, cast: pd.DataFrame) -> None:
        self.draws, self.scenario, self.number = draws, scenario, cast["number"].to_numpy()
        self.ids = lead_ids(self.number)
        self.parts: list[pd.DataFrame] = []

    def put(self, name: str, value: Texts | str | None, moments: Ints, kept: Bools) -> None:
        chosen = kept & (moments < NEVER)
        values = value[chosen] if isinstance(value, np.ndarray) else np.full(int(chosen.sum()), value, dtype=object)
        share, step = self.scenario.late_attributes, len(self.parts)
        late = self.scenario.late_by(self.draws, "attribute_late", share, 72, self.number[chosen], step)
        known = moments[chosen] + late
        self.parts.append(pd.DataFrame({"lead_id": self.ids[chosen], "name": name, "value": values, "known": known}))


def attribute_table(draws: Draws, scenario: Scenario, cast: pd.DataFrame, story: pd.DataFrame) -> pd.DataFrame:
    """The contract's lead_attributes (micros `known`): one row per lead, attribute and moment it became known."""
    facts = _Facts(draws, scenario, cast)
    number, known = cast["number"].to_numpy(), cast["known"].to_numpy()
    talk = np.where(story["contacted_at"] < NEVER, story["contacted_at"].to_numpy() + 3 * MINUTE, NEVER)

    def at_form(stream: str, share: float) -> Bools:
        return draws.chance(stream, share, number)

    _payer(draws, facts, cast, known, talk)
    for name, values, share in (
        ("state", cast["state"].to_numpy(), 0.93),
        ("urgency", np.array(clinic.URGENCIES, dtype=object)[cast["urgency"]], 0.64),
        ("age_band", np.array(clinic.AGE_BANDS, dtype=object)[cast["age"]], 0.82),
        ("language", np.array(clinic.LANGUAGES, dtype=object)[cast["language"]], 0.9),
    ):
        told = at_form(name + "_given", share)
        facts.put(name, values, known, told)
        facts.put(name, values, talk, ~told & at_form(name + "_asked", 0.85))
    odd = cast["purpose"].to_numpy() > 0
    purpose = np.array(clinic.PURPOSES, dtype=object)[cast["purpose"]]
    plain = at_form("purpose_given", 0.6)
    facts.put("lead_purpose", purpose, known, plain)
    facts.put("lead_purpose", purpose, known + 2 * DAY, ~plain & odd)
    _referral(draws, facts, cast, known, talk)
    _form(draws, facts, cast, known)
    return pd.concat(facts.parts, ignore_index=True)


def _payer(draws: Draws, facts: _Facts, cast: pd.DataFrame, known: Ints, talk: Ints) -> None:
    number, payer = cast["number"].to_numpy(), cast["payer"].to_numpy()
    names = np.array(clinic.PAYERS, dtype=object)
    given = payer_given(draws, cast)
    errors = facts.scenario.typing_errors
    wrong = given & draws.chance("payer_wrong", PAYER_WRONG * errors, number)
    said = np.where(wrong, (payer + 1 + draws.below("payer_said", 3, number)) % 4, payer)
    facts.put("payer_type", names[said], known, given)
    facts.put("payer_type", "unknown", known, ~given & draws.chance("payer_unknown", 0.5, number))
    asked = draws.chance("payer_asked", 0.85, number)
    facts.put("payer_type", names[payer], talk, (~given | wrong) & asked)
    # Somebody clears the field while coverage is checked again.
    facts.put("payer_type", None, known + 20 * DAY, given & draws.chance("payer_cleared", 0.006 * errors, number))


def _referral(draws: Draws, facts: _Facts, cast: pd.DataFrame, known: Ints, talk: Ints) -> None:
    number, needed = cast["number"].to_numpy(), cast["referral_needed"].to_numpy()
    arrives = cast["referral_at"].to_numpy()
    in_hand = needed & (arrives <= cast["created"].to_numpy())
    told = draws.chance("referral_told", 0.82, number) | cast["by_referral"].to_numpy()
    start = np.where(needed, np.where(in_hand, "on_file", "missing"), "not_required").astype(object)
    facts.put("referral_status", start, known, told)
    facts.put(
        "referral_status", start, np.where(talk < arrives, talk, np.where(in_hand, talk, NEVER)), ~told & (needed)
    )
    facts.put("referral_status", start, talk, ~told & ~needed)
    typed = arrives + (MINUTE if facts.scenario.lags else 0)
    facts.put("referral_status", "on_file", typed, needed & ~in_hand)


def _form(draws: Draws, facts: _Facts, cast: pd.DataFrame, known: Ints) -> None:
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    started = draws.chance("form_started", habits.form_started(intent), number)
    begins = known + (delays.FORM_AFTER.draw(draws, number) * DAY).astype(np.int64) // SECOND * SECOND
    done = started & draws.chance("form_done", habits.form_done(intent), number)
    ends = begins + (delays.FORM_TAKES.draw(draws, number) * DAY).astype(np.int64) // SECOND * SECOND + MINUTE
    facts.put("intake_form", "started", begins, started)
    facts.put("intake_form", "complete", ends, done)


def consent_table(draws: Draws, scenario: Scenario, cast: pd.DataFrame) -> pd.DataFrame:
    """The contract's consents (micros `known`): given with the form, withdrawn later by some."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    ids = lead_ids(number)
    parts = []
    for purpose, channel, status, share, days in (
        ("contact", None, "granted", 0.86, 0.0),
        ("marketing", None, "granted", 0.63, 0.0),
        ("contact", None, "withdrawn", 0.025, 20.0),
        ("contact", "sms", "withdrawn", 0.03, 10.0),
        ("marketing", "email", "withdrawn", 0.08, 40.0),
    ):
        stream = f"consent_{purpose}_{channel}_{status}"
        after = (
            (draws.exponential(stream + "_after", max(days, 1e-9), number) * DAY).astype(np.int64) // SECOND * SECOND
        )
        kept = draws.chance(stream, share, number)
        when = created + (after + MINUTE if days else np.zeros_like(after))
        known = when + (3 * SECOND if scenario.lags else 0)
        part = pd.DataFrame({"lead_id": ids, "purpose": purpose, "channel": channel, "status": status,
                             "occurred_at": stamps(when), "known": known})  # fmt: skip
        parts.append(part[kept])
    return pd.concat(parts, ignore_index=True)
