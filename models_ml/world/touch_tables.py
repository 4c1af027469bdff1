"""Touches, links and clicks as systems report them: ids, topics, offers, pages, and when each row is known.

From the coded touches of `browsing.py` and `named_touches.py` to the contract's `touches`, `identities` and
`ad_clicks`. Late, corrected and withdrawn rows are made here; whose touch it truly is stays behind.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER, SECOND, stamps
from models_ml.world.draws import Bits, Bools, Draws, Ints, hex_ids
from models_ml.world.scenario import Scenario
from models_ml.world.texts import Texts, blank, lead_ids

_LINES = np.array(clinic.LINE_IDS, dtype=object)
_SIGNALS = np.array(clinic.SIGNALS, dtype=object)
_CHANNELS = np.array(clinic.CHANNELS, dtype=object)
_PLATFORMS = np.array(clinic.PLATFORMS, dtype=object)
_CAMPAIGN_IDS = np.array([*(campaign.id for campaign in clinic.CAMPAIGNS), None], dtype=object)
_TOPIC_COUNT = np.array([len(line.topics) for line in clinic.SERVICE_LINES])
_TOPICS = np.array([[*line.topics, *line.topics][:3] for line in clinic.SERVICE_LINES], dtype=object)
_WITHOUT_TOPIC = (clinic.PHONE_CALL, clinic.REFERRAL_RECEIVED, clinic.SUPPORT_REQUEST)
_PAGES = {
    clinic.PAGE_VIEW: "", clinic.DOWNLOAD: "/guide", clinic.PRICING: "/prices", clinic.FORM_SUBMIT: "/contact",
    clinic.APPOINTMENT_REQUEST: "/book", clinic.REGISTERED: "/events",
}  # fmt: skip


def seen_moments(draws: Draws, touches: pd.DataFrame) -> Ints:
    """When the clinic's own systems have each touch: minutes later for pages, seconds for forms."""
    own, step = touches["own"].to_numpy(), touches["step"].to_numpy()
    page = touches["named"].to_numpy() == 0
    lag = np.where(page, 120 + draws.below("page_lag", 480, own, step), 5 + draws.below("form_lag", 60, own, step))
    return np.asarray(touches["time"].to_numpy() + lag * SECOND, dtype=np.int64)


def known_moments(draws: Draws, scenario: Scenario, touches: pd.DataFrame) -> Ints:
    """When each touch could be known: when seen, but for those that come late."""
    if not scenario.lags:
        return touches["time"].to_numpy()
    own, step = touches["own"].to_numpy(), touches["step"].to_numpy()
    late = scenario.late_by(draws, "touch_late", scenario.late_touches, 72, own, step)
    return np.where(late > 0, touches["time"].to_numpy() + late, touches["seen"].to_numpy())


def touch_table(draws: Draws, scenario: Scenario, touches: pd.DataFrame) -> pd.DataFrame:
    """The contract's touches (with a micros column `known`): one row per version of a touch."""
    own, step = touches["own"].to_numpy(), touches["step"].to_numpy()
    line, signal, channel = (touches[name].to_numpy() for name in ("line", "signal", "channel"))
    topic = _TOPICS[line, draws.below("topic", _TOPIC_COUNT[line], own, step)]
    named = touches["named"].to_numpy() == 1
    plain = signal == clinic.OTHER_PAGE
    click = touches["click"].to_numpy()
    clicks = _click_ids(click, channel)
    frame = pd.DataFrame({
        "touch_id": hex_ids(draws.bits("touch_id", own, step)),
        "lead_id": _lead_of(touches, named),
        "anonymous_id": _anonymous_ids(draws, touches["browser"].to_numpy()),
        "occurred_at": stamps(touches["time"].to_numpy()),
        "signal": _SIGNALS[signal],
        "service_line": blank(_LINES[line], plain),
        "topic": blank(topic, plain | np.isin(signal, _WITHOUT_TOPIC)),
        "offer_id": _offers(signal, line, topic),
        "form_id": _forms(signal, line),
        "channel": _CHANNELS[channel],
        "platform": _PLATFORMS[channel],
        "campaign_id": _CAMPAIGN_IDS[touches["campaign"].to_numpy()],
        "click_id": clicks,
        "click_id_type": _click_types(click, channel),
        "session_id": blank(hex_ids(touches["session"].to_numpy()), named),
        "landing_page": _pages(draws, touches, topic, plain, clicks),
        "is_deleted": False,
        "known": known_moments(draws, scenario, touches),
    })  # fmt: skip
    return _with_versions(draws, scenario, frame, own, step)


def _lead_of(touches: pd.DataFrame, named: Bools) -> Texts:
    result = np.full(len(touches), None, dtype=object)
    result[named] = lead_ids(touches["own"].to_numpy()[named])
    return result


def _with_versions(draws: Draws, scenario: Scenario, frame: pd.DataFrame, own: Ints, step: Ints) -> pd.DataFrame:
    """A few touches are taken back as machine traffic, a few get another campaign, a day or two later."""
    often = scenario.touch_corrections
    gone = draws.chance("touch_deleted", 0.0012 * often, own, step) & frame["lead_id"].isna().to_numpy()
    moved = draws.chance("touch_corrected", 0.002 * often, own, step) & frame["campaign_id"].notna().to_numpy() & ~gone
    lag = DAY + draws.below("version_lag", 86_400, own, step) * SECOND
    deleted = frame[gone].assign(is_deleted=True, known=frame["known"].to_numpy()[gone] + lag[gone])
    corrected = frame[moved].assign(campaign_id="g_brand", platform="google", channel="paid_search",
                                    known=frame["known"].to_numpy()[moved] + lag[moved])  # fmt: skip
    return pd.concat([frame, deleted, corrected], ignore_index=True)


def _anonymous_ids(draws: Draws, browser: Ints) -> Texts:
    """The web analytics' client id of each browser code; none for -1."""
    codes, place = np.unique(browser, return_inverse=True)
    first = draws.bits("client_id", codes) % np.uint64(9_000_000_000) + np.uint64(1_000_000_000)
    second = draws.bits("client_time", codes) % np.uint64(50_000_000) + np.uint64(1_730_000_000)
    text = np.char.add(np.char.add(first.astype("U10"), "."), second.astype("U10")).astype(object)
    text[codes < 0] = None
    return np.asarray(text[place], dtype=object)


def _click_ids(click: Bits, channel: Ints) -> Texts:
    text = hex_ids(click)
    result = np.where(channel == clinic.PAID_SEARCH, "Cj0K" + text, "IwAR" + text).astype(object)
    return blank(result, click == 0)


def _click_types(click: Bits, channel: Ints) -> Texts:
    return blank(np.where(channel == clinic.PAID_SEARCH, "gclid", "fbclid").astype(object), click == 0)


def _offers(signal: Ints, line: Ints, topic: Texts) -> Texts:
    result = np.full(len(signal), None, dtype=object)
    guide, event = signal == clinic.DOWNLOAD, np.isin(signal, (clinic.REGISTERED, clinic.ATTENDED))
    result[guide] = "guide_" + topic[guide]
    result[event] = "event_" + _LINES[line[event]]
    return result


def _forms(signal: Ints, line: Ints) -> Texts:
    result = np.full(len(signal), None, dtype=object)
    for code, name in (
        (clinic.FORM_SUBMIT, "contact_"),
        (clinic.APPOINTMENT_REQUEST, "appointment_"),
        (clinic.REGISTERED, "event_"),
    ):
        chosen = signal == code
        result[chosen] = name + _LINES[line[chosen]]
    return result


def _pages(draws: Draws, touches: pd.DataFrame, topic: Texts, plain: Bools, clicks: Texts) -> Texts:
    """Addresses as a browser has them, with what campaigns and forms hang on to them."""
    signal, line = touches["signal"].to_numpy(), touches["line"].to_numpy()
    result = np.full(len(touches), None, dtype=object)
    for code, ending in _PAGES.items():
        chosen = signal == code
        path = "https://www.clinic.example/" + _LINES[line[chosen]] + "/" + topic[chosen] + ending
        result[chosen] = path
    result[plain] = "https://www.clinic.example/"
    tagged = (touches["click"].to_numpy() > 0) & (touches["step"].to_numpy() % 100 == 0) & pd.notna(result)
    result[tagged] = result[tagged] + "?utm_source=ad&click=" + clicks[tagged]
    filled = (signal == clinic.FORM_SUBMIT) & draws.chance(
        "page_with_mail", 0.01, touches["own"].to_numpy(), touches["step"].to_numpy()
    )
    mail = lead_ids(touches["own"].to_numpy()[filled]) + "%40example.org"
    result[filled] = result[filled] + "?email=" + mail
    return result


def identity_table(draws: Draws, cast: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Links known when the form is sent, some of a second device later, some of e-mails: with micros `known`."""
    ids, known = lead_ids(cast["number"].to_numpy()), cast["known"].to_numpy()
    parts = []
    form = sessions[sessions["ends_in_lead"].to_numpy()]
    row = form["row"].to_numpy()
    counted = form["consent"].to_numpy() == 0
    anonymous = _anonymous_ids(draws, form["browser"].to_numpy())
    parts.append(_links(ids[row], "anonymous_id", anonymous, known[row], counted))
    clicks = _click_ids(form["click"].to_numpy(), form["channel"].to_numpy())
    parts.append(_links(ids[row], "click_id", clicks, known[row], form["click"].to_numpy() > 0))
    own = cast["number"].to_numpy()
    other = sessions.drop_duplicates(["row", "browser"])
    other = other[(other["row"] >= 0) & (other["consent"] == 0)]
    row = other["row"].to_numpy()
    signs_in = draws.chance("signs_in_elsewhere", 0.55, own[row], other["browser"].to_numpy())
    when = (
        known[row]
        + (draws.exponential("signs_in_after", 6.0, own[row]) * DAY).astype(np.int64) // SECOND * SECOND
        + MINUTE
    )
    main = pd.Series(form["browser"].to_numpy(), index=form["row"].to_numpy()).reindex(row).to_numpy()
    parts.append(_links(ids[row], "anonymous_id", _anonymous_ids(draws, other["browser"].to_numpy()), when,
                        signs_in & (main != other["browser"].to_numpy())))  # fmt: skip
    mails = cast["has_email"].to_numpy() & draws.chance("mail_link", 0.15, own)
    parts.append(_links(ids, "email", cast["email"].to_numpy().astype(object), known + MINUTE, mails))
    former = (cast["merge_by_link"].to_numpy()) & (cast["merged_at"].to_numpy() < NEVER)
    parts.append(_links(lead_ids(cast["person"].to_numpy()), "crm_id", ids, cast["merged_at"].to_numpy(), former))
    return pd.concat(parts, ignore_index=True)


def _links(lead: Texts, kind: str, value: Texts, known: Ints, kept: Bools) -> pd.DataFrame:
    return pd.DataFrame({"lead_id": lead[kept], "id_type": kind, "id_value": value[kept], "known": known[kept]})


def click_table(scenario: Scenario, sessions: pd.DataFrame) -> pd.DataFrame:
    """Clicks as the ad platforms report them the morning after, also of visitors who refused to be counted."""
    clicked = sessions[(sessions["click"] > 0).to_numpy()]
    channel, start = clicked["channel"].to_numpy(), clicked["start"].to_numpy()
    click = clicked["click"].to_numpy()
    known = (start // DAY + 1) * DAY + 11 * HOUR if scenario.lags else start - 4 * SECOND
    return pd.DataFrame({
        "click_id": _click_ids(click, channel), "click_id_type": _click_types(click, channel),
        "platform": _PLATFORMS[channel], "campaign_id": _CAMPAIGN_IDS[clicked["campaign"].to_numpy()],
        "occurred_at": stamps(start - 4 * SECOND), "known": known,
    })  # fmt: skip
