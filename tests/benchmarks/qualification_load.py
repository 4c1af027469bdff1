"""The load of `make bench-criteria`: criteria, and versioned int_ tables made set by set in DuckDB.

Every value is a hash of (number, what it is). A third of the touches match a rule of their lead's criteria; one in
twenty is known late, one in a hundred was corrected. The crowded lead comes close to its threshold all the time and
never reaches it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb

from tests.oracles.criteria import END, Criteria

BEGIN = datetime(2024, 9, 1)
AS_OF = BEGIN + timedelta(days=546)
CROWD = 200_000
DAY_SHARE = 0.01
_DAY_TOUCHES = 18
_LINES = [f"line_{number}" for number in range(12)]
_SIGNALS = (
    ["page_view"] * 52
    + ["service_page_view"] * 30
    + ["email_click"] * 8
    + ["content_download"] * 4
    + ["pricing_view"] * 3
    + ["event_registered", "form_submit", "appointment_request"]
)
_TOUCH_LINE = f"""
    case draw(k, 'line') % 10 when 0 then null when 1 then one_of(k, 'line', {_LINES})
        else one_of(n, 'line', {_LINES}) end
"""
_ROLES = ["scheduler", "care_coordinator", "assistant"]
_ELIGIBILITY = [
    {"id": "in_state", "attribute": "state", "in": ["TX", "GA", "CO"]},
    {"id": "referral", "attribute": "referral_status", "in": ["not_required", "on_file"], "unknown": "hold"},
]
_READY = [
    {"id": "screened", "work_event": "screening", "outcome": ["qualified"]},
    {"id": "self_booked", "appointment_booked_by": ["lead"]},
    {"id": "form_and_call", "all": [{"signal": "form_submit"}, {"work_event": "contact_made"}]},
]


def criteria() -> Criteria:
    """Twelve service lines in two versions each, three fit and seven behaviour rules in each; and the crowd's own."""
    files = {line: [_version(1, 90 - 400, 60), _version(2, 300, 70)] for line in _LINES}
    # What a crowd of touches can give at most is .01 points less than this asks for.
    files["crowded"] = [_version(1, -400, 189.99, 0)]
    staff = [{"staff_id": f"st{n}", "role": _ROLES[n % 3], "valid_from": BEGIN, "valid_to": END} for n in range(12)]
    return Criteria(files, staff)


def _version(number: int, day: int, threshold: float, fit_threshold: int = 15) -> dict[str, Any]:
    fit = [
        {"id": "in_state", "attribute": "state", "in": ["TX", "GA"], "points": 10},
        {"id": "insured", "attribute": "payer_type", "not_in": ["unknown"], "points": 10},
        {"id": "near", "attribute": "postal_area", "in": ["787", "786", "752"], "points": 5},
    ]
    behaviour: list[dict[str, Any]] = [
        {"id": "guide", "signal": "content_download", "where": {"topic": ["knee_pain", "hip_pain", "heart"]},
         "points": 15, "at_most": 2, "within_days": 90, "half_life_days": 30},
        {"id": "webinar", "signal": "event_registered", "channels": ["email", "direct", "paid_search"], "points": 20,
         "at_most": 2, "within_days": 180},
        {"id": "asked", "signal": "appointment_request", "points": 40, "at_most": 1, "half_life_days": 60},
        {"id": "priced", "signal": "pricing_view", "points": 10, "at_most": 3, "half_life_days": 14},
        {"id": "form", "signal": "form_submit", "points": 20, "at_most": 1, "within_days": 30},
        {"id": "mail", "signal": "email_click", "points": 2, "at_most": 5, "within_days": 30},
        {"id": "looked", "signal": "service_page_view", "where": {"topic": ["knee_pain", "skin"]}, "points": 1,
         "at_most": 20, "within_days": 30, "half_life_days": 7},
    ]  # fmt: skip
    return {
        "version": number,
        "effective_from": BEGIN + timedelta(days=day),
        "mql": {
            "require": "fit_and_behaviour",
            "fit": {"threshold": fit_threshold, "rules": fit},
            "behaviour": {"threshold": threshold, "rules": behaviour},
        },
        "sql": {"verified_by": _ROLES[:2], "eligibility": _ELIGIBILITY, "ready_when_any": _READY},
    }


def make_history(connection: duckdb.DuckDBPyConnection, leads: int, touches: int) -> None:
    """All tables of that many leads and touches, some leads with many more than others."""
    _prepare(connection)
    line = f"case when draw(n, 'line') % 50 > 0 then one_of(n, 'line', {_LINES}) end"
    _people(connection, leads, line)
    lead = f"cast(floor({leads} * pow(draw(k, 'lead') / 1000000007.0, 1.3)) as bigint)"
    when = (
        f"least(created(n) + to_seconds(draw(k, 'when') % 15552000 - 5184000), timestamp '{AS_OF}' - interval 1 hour)"
    )
    numbers = f"select k, {lead} as n from range({touches}) as all_touches (k)"
    connection.execute(f"create table intermediate.int_touches__owned as {_touches(numbers, when)}")


def make_day(connection: duckdb.DuckDBPyConnection, leads: int, day: int) -> None:
    """Touches of one more day, eighteen of each touched lead, and the list of the touched."""
    people, first = int(leads * DAY_SHARE), day * 7
    chosen = f"select cast(i * {leads // people} + {first} as bigint) % {leads} as n from range({people}) as chosen (i)"
    numbers = (
        f"select {day}00000000000 + n * 100 + j as k, n from ({chosen}) cross join range({_DAY_TOUCHES}) as per (j)"
    )
    when = f"timestamp '{AS_OF}' + to_days({day - 1}) + to_seconds(draw(k, 'when') % 80000)"
    connection.execute(f"insert into intermediate.int_touches__owned {_touches(numbers, when)}")
    connection.execute(
        f"create or replace table intermediate.int_records__touched as select key_of(n) as record_key from ({chosen})"
    )


def make_crowd(connection: duckdb.DuckDBPyConnection) -> None:
    """One lead, two touches to the hour or so for eighteen months before it and ever after."""
    _prepare(connection)
    _people(connection, 1, "'crowded'")
    when = f"timestamp '{AS_OF}' - to_seconds(draw(k, 'when') % (86400 * 540) + 3600)"
    numbers = f"select k, cast(0 as bigint) as n from range({CROWD}) as all_touches (k)"
    connection.execute(
        f"create table intermediate.int_touches__owned as {_touches(numbers, when, line='null::varchar')}"
    )


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create macro draw(n, what) as cast(hash(n, what) % 1000000007 as bigint)")
    connection.execute("create macro one_of(n, what, list) as list[cast(draw(n, what) % len(list) as int) + 1]")
    connection.execute("create macro key_of(n) as md5('clinic|L' || n)")
    connection.execute(
        f"create macro created(n) as timestamp '{BEGIN}' + to_seconds(draw(n, 'day') % (546 * 86400 - 3600))"
    )
    connection.execute("create table intermediate.int_records__touched (record_key varchar)")


def _people(connection: duckdb.DuckDBPyConnection, leads: int, line: str) -> None:
    people, forever = f"from range({leads}) as people (n)", f"timestamp '{END}' as valid_to"
    for name, columns in {
        "int_records__versioned": f"key_of(n) as record_key, {line} as service_line, "
        f"created(n) as valid_from, {forever}",
        "int_records__current": "key_of(n) as record_key, created(n) as effective_at",
    }.items():
        connection.execute(f"create table intermediate.{name} as select {columns} {people}")
    connection.execute(f"""create table intermediate.int_attributes__versioned as
        select key_of(n) as record_key, name, one_of(n, name, allowed) as value,
            created(n) + interval 1 minute as valid_from, {forever}
        {people}, (values ('state', ['TX', 'GA', 'CO', 'AZ', 'NY', 'IL']), ('campaign_id', ['c1', 'c2', 'c3']),
            ('payer_type', ['commercial', 'medicare', 'medicaid', 'self_pay', 'unknown']), ('location_id', ['a', 'b']),
            ('referral_status', ['not_required', 'on_file', 'missing']), ('channel', ['email', 'direct']),
            ('postal_area', ['787', '786', '752', '303', '802', '850', '100', '606'])) as names (name, allowed)""")
    connection.execute(f"""create table intermediate.int_work_events__versioned as
        select key_of(n) as record_key, 'a' as source, 'w' || n || '-' || e as event_id,
            ['contact_attempt', 'contact_made', 'screening'][e + 1] as kind, 'call' as contact_channel,
            case when e < 2 then 'no_answer' else one_of(n, 'fit', ['qualified', 'not_qualified']) end as outcome,
            'st' || draw(n, 'staff') % 12 as staff_id, created(n) + to_days(cast(1 + e * 3 as int)) as occurred_at,
            occurred_at as known_at, occurred_at as valid_from, {forever}
        {people}, range(3) as events (e) where draw(n, 'worked') % 10 < 7""")
    connection.execute(f"""create table intermediate.int_appointments__versioned as
        select key_of(n) as record_key, 'a' as source, 'ap' || n as appointment_id,
            one_of(n, 'by', ['lead', 'staff']) as booked_by,
            one_of(n, 'held', ['held', 'booked', 'cancelled']) as status,
            created(n) + interval 9 day as booked_at, booked_at as known_at, booked_at as valid_from, {forever}
        {people} where draw(n, 'books') % 10 < 2""")


def _touches(numbers: str, when: str, line: str = _TOUCH_LINE) -> str:
    late = "case when draw(k, 'late') % 20 = 0 then to_seconds(draw(k, 'late') % 90000) else to_seconds(0) end"
    gone = "case when draw(k, 'gone') % 100 = 0 then known_at + interval 5 day"
    return f"""
        select key_of(n) as record_key, 'a' as source, 't' || k as touch_id, md5('a|t' || k) as touch_key,
            one_of(k, 'signal', {_SIGNALS}) as signal,
            {line} as service_line,
            one_of(k, 'topic', ['knee_pain', 'hip_pain', 'heart', 'skin']) as topic, null::varchar as offer_id,
            null::varchar as form_id,
            one_of(k, 'channel', ['email', 'direct', 'paid_search', 'organic_search']) as channel,
            'ads' as platform, 'c' || draw(n, 'campaign') % 40 as campaign_id,
            '/line/' || draw(k, 'page') % 300 as landing_page,
            's' || n || '-' || k // 7 as session_id, {when} as occurred_at, true as is_linked, false as is_tied,
            occurred_at + {late} as known_at, known_at as valid_from, {gone} else timestamp '{END}' end as valid_to
        from ({numbers}) where known_at <= timestamp '{AS_OF}' + interval 10 day"""
