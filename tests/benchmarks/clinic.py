"""A clinic of any size as contract files, made set by set in DuckDB: the load of the benchmarks, not a model of people.

Every value is a hash of (seed, table, number, what it is), so the same seed gives the same rows at any size, and the
first leads of a larger clinic are those of a smaller one but for their count. A hundred touches a lead over eighteen
months, some leads with many more; every tenth touch belongs to nobody yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

TOUCHES_PER_LEAD = 100
# A new day brings about two touches each of a twelfth of the leads: of a clinic of 10,000, 1,800 of 800.
DAY_TOUCHES, DAY_LEADS, DAY_OF = 1_800, 800, 10_000
START, END = "2024-09-01", "2026-03-01"
# Two more days are written after the history.
LAST = "2026-03-03"
_DAYS = 546
_LINES = ["orthopaedics", "cardiology", "dermatology", "diabetes_education", "physical_therapy", "behavioural_health"]
_SIGNALS = (
    ["page_view"] * 52
    + ["service_page_view"] * 30
    + ["email_click"] * 8
    + ["content_download"] * 4
    + ["pricing_view"] * 3
    + ["event_registered", "form_submit", "appointment_request"]
)
_AREAS = ["78701", "78612", "75201", "30301", "80202", "85001", "10001", "60601"]
_CHANNELS = ["paid_search", "paid_social", "organic_search", "email", "direct"]


@dataclass(frozen=True)
class Clinic:
    """A clinic of `leads` leads below `folder`."""

    folder: Path
    leads: int
    seed: int = 7

    @property
    def touches(self) -> int:
        """Touches before the new day."""
        return self.leads * TOUCHES_PER_LEAD

    @property
    def registry(self) -> Path:
        """The registry over the files and a CRM."""
        return self.folder / "sources.yaml"

    @property
    def history(self) -> Path:
        """The file of the history's touches."""
        return self.folder / "export" / "touches" / "history.csv"

    def write(self) -> Clinic:
        """Write registry, CRM and every table of the history; returns itself."""
        (self.folder / "export" / "touches").mkdir(parents=True)
        self.registry.write_text(_REGISTRY)
        with duckdb.connect() as connection:
            self._prepare(connection)
            for table, query in _TABLES.items():
                place = self.history if table == "touches" else self.folder / "export" / f"{table}.csv"
                _copy(connection, query.format(leads=self.leads, touches=self.touches), place)
            _crm(connection, self.folder / "crm.db", self.leads)
        return self

    def write_day(self, day: int, clinic_of: int) -> str:
        """Write the touches a clinic of that many leads has on the nth day after the history; returns the day's end."""
        with duckdb.connect() as connection:
            self._prepare(connection)
            touches, people = DAY_TOUCHES * clinic_of // DAY_OF, DAY_LEADS * clinic_of // DAY_OF
            words = {"step": max(self.leads // people, 1), "leads": self.leads, "people": people, "touches": touches}
            _copy(connection, _DAY.format(day=day, **words), self._day(day))
        return (date.fromisoformat(END) + timedelta(days=day)).isoformat()

    def forget_days(self) -> None:
        """Remove what `write_day` wrote."""
        for day in self.history.parent.glob("day-*.csv"):
            day.unlink()

    def _day(self, day: int) -> Path:
        return self.history.with_name(f"day-{day}.csv")

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("set threads = 2; set memory_limit = '2GB'")
        draw = f"cast(hash(n, what, {self.seed}) % 1000000007 as bigint)"
        connection.execute(f"create macro draw(n, what) as {draw}")
        connection.execute("create macro one_of(n, what, list) as list[cast(draw(n, what) % len(list) as int) + 1]")
        connection.execute(
            f"create macro created(n) as timestamp '{START}' + to_seconds(draw(n, 'day') % {_DAYS} * 86400"
            " + draw(n, 'second') % 43200 + 43200)"
        )
        connection.execute("create macro iso(t) as strftime(t, '%Y-%m-%dT%H:%M:%SZ')")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, place: Path) -> None:
    connection.execute(f"copy ({query}) to '{place}' (format csv, header)")


def _crm(connection: duckdb.DuckDBPyConnection, place: Path, leads: int) -> None:
    import sqlite3

    fields = ["stage", "mql_at", "readiness", "band", "reasons", "team_id", "queue", "priority", "sla_due_at"]
    columns = ", ".join(f"handoff_{name} text" for name in fields)
    with sqlite3.connect(place) as crm:
        crm.execute(f"create table leads (lead_id text primary key, {columns}, handoff_sequence integer)")
        crm.executemany("insert into leads (lead_id) values (?)", ((f"L{n}",) for n in range(leads)))


_REGISTRY = """sources:
  clinic: {connector: contract_files, path: ./export, timezone: America/Chicago}
destinations:
  crm: {kind: sql, url: "sqlite:///crm.db", source: clinic, table: leads, key: lead_id}
"""
_MARKETING = (
    f"one_of(n, 'channel', {_CHANNELS}) as channel, 'ads' as platform, 'c' || draw(n, 'campaign') % 40 as campaign_id"
)
_BEFORE = f"n < {{leads}} and created(n) < timestamp '{END}'"
_TOUCH = f"""
    one_of(k, 'signal', {_SIGNALS}) as signal, one_of(n, 'line', {_LINES}) as service_line,
    one_of(k, 'topic', ['knee_pain', 'hip_pain', 'heart', 'skin']) as topic, {_MARKETING},
    case when draw(k, 'click') % 10 = 0 then 'g' || md5('click' || k) end as click_id,
    case when draw(k, 'click') % 10 = 0 then 'gclid' end as click_id_type,
    's' || n || '-' || k // 7 as session_id,
    'https://clinic.example/line/' || draw(k, 'page') % 300 || '?x=1' as landing_page
"""
_TOUCH_TIME = (
    f"least(created(n) + to_seconds(draw(k, 'when') % 15552000 - 5184000), timestamp '{END}' - interval 1 hour)"
)
_WHO = """
    case when draw(k, 'who') % 100 < 8 then 'L' || n end as lead_id,
    case when draw(k, 'who') % 100 < 8 then null when draw(k, 'who') % 100 < 18 then 'x' || md5('nobody' || k // 5)
        else 'a' || md5('person' || n || '-' || draw(k, 'device') % 2) end as anonymous_id
"""
_TABLES = {
    "leads": f"""
        select 'L' || n as lead_id, iso(created(n)) as created_at, one_of(n, 'line', {_LINES}) as service_line,
            'loc' || draw(n, 'location') % 6 as location_id, {_MARKETING}, 'p' || n || '@example.org' as email,
            '+1512' || lpad(n::varchar, 7, '0') as phone, 'First' || n as first_name, 'Last' || n as last_name,
            one_of(n, 'area', {_AREAS}) as postal_code
        from range({{leads}}) as numbers (n) where {_BEFORE}
        """,
    "lead_attributes": f"""
        select 'L' || n as lead_id, name, iso(created(n) + interval 1 minute) as known_at,
            case name when 'state' then one_of(n, 'state', ['TX', 'GA', 'CO', 'AZ', 'NY', 'IL'])
                when 'payer_type' then one_of(n, 'payer', ['commercial', 'medicare', 'medicaid', 'self_pay', 'unknown'])
                when 'referral_status' then one_of(n, 'referral', ['not_required', 'on_file', 'missing'])
                else one_of(n, name, ['routine', 'soon', 'urgent']) end as value
        from range({{leads}}) as numbers (n),
            (values ('state'), ('payer_type'), ('referral_status'), ('urgency')) as names (name)
        where {_BEFORE}
        """,
    "identities": f"""
        select 'L' || n as lead_id, 'anonymous_id' as id_type, 'a' || md5('person' || n || '-' || d) as id_value,
            iso(created(n) + to_seconds(d * 86400)) as known_at
        from range({{leads}}) as numbers (n), range(2) as devices (d) where {_BEFORE}
        """,
    "touches": f"""
        with numbers as (
            select k, cast(floor({{leads}} * pow(draw(k, 'lead') / 1000000007.0, 1.3)) as bigint) as n
            from range({{touches}}) as all_touches (k)
        )
        select 't' || k as touch_id, {_WHO}, iso({_TOUCH_TIME}) as occurred_at, {_TOUCH} from numbers
        """,
    "work_events": f"""
        select 'w' || n || '-' || e as event_id, 'L' || n as lead_id,
            iso(created(n) + to_seconds(86400 * (1 + e * 3) + draw(n, 'call') % 30000)) as occurred_at,
            ['contact_attempt', 'contact_made', 'screening'][e + 1] as kind, 'call' as contact_channel,
            case when e = 2 and draw(n, 'fit') % 100 < case when draw(n, 'state') % 6 < 3 then 65 else 20 end
                then 'qualified' when e = 2 then 'not_qualified' else 'no_answer' end as outcome,
            'st' || draw(n, 'staff') % 12 as staff_id, 'team' || draw(n, 'staff') % 3 as team_id
        from range({{leads}}) as numbers (n), range(3) as events (e) where {_BEFORE} and draw(n, 'worked') % 10 < 7
        """,
    "stage_events": f"""
        select 'e' || n || '-' || e as event_id, 'L' || n as lead_id, ['MQL', 'SQL'][e + 1] as stage_raw,
            ['mql', 'sql'][e + 1] as stage, iso(created(n) + to_seconds(86400 * (1 + 8 * e))) as entered_at,
            'st' || draw(n, 'staff') % 12 as actor_id, 'staff' as actor_type
        from range({{leads}}) as numbers (n), range(2) as events (e) where {_BEFORE} and draw(n, 'label') % 10 < 5
        """,
    "appointments": f"""
        select 'ap' || n as appointment_id, 'L' || n as lead_id, iso(created(n) + interval 9 day) as booked_at,
            iso(created(n) + interval 16 day) as starts_at, 'staff' as booked_by,
            one_of(n, 'held', ['held', 'held', 'no_show', 'cancelled']) as status
        from range({{leads}}) as numbers (n) where {_BEFORE} and draw(n, 'books') % 10 < 2
        """,
    "spend": f"""
        select 'ads' as platform, 'c' || n as campaign_id, {_CHANNELS}[cast(n % 5 as int) + 1] as channel,
            strftime(date '{START}' + cast(d as int), '%Y-%m-%d') as spend_date,
            (draw(n * 1000 + d, 'cost') % 50000) / 100.0 as cost, 'USD' as currency, 1000 as impressions, 40 as clicks
        from range(40) as campaigns (n), range({_DAYS}) as days (d)
        """,
    "locations": """
        select 'loc' || n as location_id, 'L' || n as name, 'cal' as calendar_id from range(6) as numbers (n)
        """,
    "calendars": """
        select 'cal' as calendar_id, 'America/Chicago' as timezone, n + 1 as iso_weekday, '08:00' as opens_at,
            '17:00' as closes_at
        from range(5) as numbers (n)
        """,
    "teams": """
        select 'team' || n as team_id, 'Team ' || n as name, 'queue' || n as queue, 40 as daily_capacity,
            'cal' as calendar_id
        from range(3) as numbers (n)
        """,
}
_DAY = f"""
    with numbers as (
        select {{day}}00000000000 + i as k, cast(least((i % {{people}}) * {{step}}, {{leads}} - 1) as bigint) as n
        from range({{touches}}) as all_touches (i)
    )
    select 't' || k as touch_id, {_WHO},
        iso(timestamp '{END}' + to_seconds(({{day}} - 1) * 86400 + 3600 + draw(k, 'when') % 70000)) as occurred_at,
        {_TOUCH}
    from numbers
"""
