"""A tiny clinic's export in contract shape, written by hand for black-box tests: ten people, each with a canary.

The people are canaries: names, addresses, numbers and remarks that occur nowhere else, so that finding one past the
door means a leak.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

FIRST_DAY = datetime(2026, 1, 5, 15, 0)
AS_OF = "2026-03-01T00:00:00Z"


def canaries(person: int) -> dict[str, str]:
    """The identifying values of one person, by what they are."""
    return {
        "first_name": f"Quillfeather{person}x",
        "last_name": f"Zanzibarovna{person}x",
        "email": f"quill.zanzibar{person}@canary-nest.example",
        "phone": f"+1512555{7300 + person}",
        "remark": f"says the left knee of zanzibar-{person} hurts at night",
        "session": f"canarybird{person}.1699999999",
        "click": f"GclCanary{person}QxZ",
    }


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Rows as a CSV file with the columns of the first."""
    listed = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path


def at(day: int, hour: int = 0, minute: int = 0) -> str:
    """A time of the story, ISO 8601 in UTC."""
    return (FIRST_DAY + timedelta(days=day, hours=hour, minutes=minute)).isoformat() + "Z"


def write_export(directory: Path) -> Path:
    """Leads, touches, links, attributes, labels and work of ten people; one row of each kind cannot be read."""
    people = [(number, canaries(number)) for number in range(10)]
    write_rows(
        directory / "leads.csv",
        [
            {
                "lead_id": f"L{n}",
                "created_at": at(n),
                "service_line": "orthopaedics",
                "location_id": "",
                "channel": "paid_search",
                "platform": "google",
                "campaign_id": "C1",
                "email": who["email"],
                "phone": who["phone"],
                "first_name": who["first_name"],
                "last_name": who["last_name"],
                "postal_code": "78701",
                "home_address": f"{n} {who['last_name']} Street",
            }
            for n, who in people
        ]
        + [{"lead_id": "L99", "created_at": f"not a time {people[0][1]['email']}", "email": people[0][1]["email"]}],
    )
    write_rows(
        directory / "touches.csv",
        [
            {
                "touch_id": f"T{n}-{k}",
                "anonymous_id": who["session"],
                "occurred_at": at(n, 1, k),
                "signal": signal,
                "topic": "knee_pain",
                "channel": "paid_search",
                "platform": "google",
                "campaign_id": "C1",
                "click_id": who["click"],
                "click_id_type": "gclid",
                "landing_page": f"https://clinic.example/knee?email={who['email']}&tel={who['phone']}#{who['last_name']}",
            }
            for n, who in people
            for k, signal in enumerate(["content_download", "appointment_request"])
        ],
    )
    write_rows(
        directory / "identities.csv",
        [
            {"lead_id": f"L{n}", "id_type": kind, "id_value": value, "known_at": at(n, 2)}
            for n, who in people
            for kind, value in [("anonymous_id", who["session"]), ("email", who["email"])]
        ],
    )
    write_rows(
        directory / "lead_attributes.csv",
        [
            {"lead_id": f"L{n}", "name": name, "value": value, "known_at": at(n, 2)}
            for n, who in people
            for name, value in [("payer_type", "commercial"), ("state", "TX"), ("birth_name", who["last_name"])]
        ],
    )
    write_rows(
        directory / "work_events.csv",
        [
            {
                "event_id": f"W{n}",
                "lead_id": f"L{n}",
                "occurred_at": at(n, 5),
                "kind": "screening",
                "contact_channel": "call",
                "outcome": "qualified" if n % 2 else "not_qualified",
                "reason": who["remark"],
                "staff_id": "S1",
            }
            for n, who in people
        ],
    )
    write_rows(
        directory / "stage_events.csv",
        [
            {
                "event_id": f"E{n}",
                "lead_id": f"L{n}",
                "stage_raw": "Qualified",
                "stage": "sql",
                "entered_at": at(n, 6),
                "actor_id": "S1",
                "actor_type": "staff",
                "reason": who["remark"],
            }
            for n, who in people
        ],
    )
    write_rows(
        directory / "spend.csv",
        [
            {
                "platform": "google",
                "campaign_id": "C1",
                "campaign_name": "Knee",
                "channel": "paid_search",
                "spend_date": at(day)[:10],
                "cost": "12.50",
                "currency": "USD",
                "impressions": 100,
                "clicks": 7,
            }
            for day in range(10)
        ],
    )
    return directory


def mark_unreadable(export: Path) -> None:
    """Let the export write `not so` where two leads and two touches are not deleted: no word the door knows."""
    for name, marked in {"leads.csv": ("L2,", "L5,"), "touches.csv": ("T7-",)}.items():
        header, *lines = (export / name).read_text().splitlines()
        cells = [f"{line},{'not so' if line.startswith(marked) else ''}" for line in lines]
        (export / name).write_text("\n".join([f"{header},is_deleted", *cells]) + "\n")


def write_crm(path: Path) -> Path:
    """A CRM database with the ten people and the columns a destination writes."""
    columns = ", ".join(
        f"{name} text"
        for name in ("handoff_stage", "handoff_mql_at", "handoff_readiness", "handoff_team_id", "handoff_queue")
    )
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table leads (lead_id text primary key, {columns}, handoff_sequence integer)")
        connection.executemany("insert into leads (lead_id) values (?)", [(f"L{n}",) for n in range(10)])
    return path


def write_registry(directory: Path) -> Path:
    """The registry over export and CRM, as small as a user would write it."""
    path = directory / "sources.yaml"
    path.write_text(
        """
sources:
  clinic:
    connector: contract_files
    path: ./export
    timezone: America/Chicago
    identifiers: [birth_name]
destinations:
  crm: {kind: sql, url: "sqlite:///crm.db", source: clinic, table: leads, key: lead_id}
""".lstrip()
    )
    return path


def write_clinic(directory: Path) -> Path:
    """Export, CRM and registry below one directory; the registry's path."""
    directory.mkdir(parents=True, exist_ok=True)
    write_export(directory / "export")
    write_crm(directory / "crm.db")
    return write_registry(directory)
