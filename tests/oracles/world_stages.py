"""When each lead of a world reached each stage, worked out in plain Python from what its systems say.

Rows become versions by the clocks of the contract (known_at, effective moment), touches find their owners by the
earliest link, merged records one lead; the written criteria are judged by `criteria.py`. Knows nothing of the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import yaml

from tests.oracles.criteria import END, Criteria, Judge, Record

Row = dict[str, Any]
Stages = dict[str, datetime | None]
_ON_THE_LEAD = ("postal_area", "channel", "platform", "campaign_id", "location_id")


def load_criteria(folder: Path, staff: pd.DataFrame) -> Criteria:
    """The written criteria and the roles of staff, as the plain evaluator takes them."""
    files: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(path.read_text())
        if "versions" in content:
            versions = [{**one, "effective_from": _naive(one["effective_from"])} for one in content["versions"]]
            files[content.get("service_line", "default")] = versions
    members = [{**row, "valid_to": row["valid_to"] or END} for row in rows_of(staff)]
    return Criteria(files, members)


def _naive(moment: Any) -> datetime:
    return pd.Timestamp(moment).tz_convert(UTC).tz_localize(None).to_pydatetime()


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Rows as dictionaries: naive UTC datetimes, None where missing; one of several equal rows."""
    plain = frame.drop_duplicates().copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
            plain[name] = pd.Series(list(plain[name].dt.tz_localize(None).dt.to_pydatetime()), plain.index, object)
        plain[name] = plain[name].astype(object).where(frame[name].loc[plain.index].notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def spanned(rows: Iterable[Row], key: tuple[str, ...], occurred: str | None = None) -> list[Row]:
    """Rows as versions: each holds from when it is effective until the next of its key is known; deleted ones go."""
    by_key: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_key[tuple(row[name] for name in key)].append(row)
    found = []
    for versions in by_key.values():
        versions.sort(key=lambda row: row["known_at"])
        new = [versions[0]] + [b for a, b in pairwise(versions) if _content(a) != _content(b)]
        ends = [row["known_at"] for row in new[1:]] + [END]
        for row, end in zip(new, ends, strict=True):
            begin = max(row["known_at"], row[occurred]) if occurred else row["known_at"]
            found.append({**row, "valid_from": begin, "valid_to": end})
    return [row for row in found if row["valid_from"] < row["valid_to"]]


def _content(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "known_at"}


class Clinic:
    """The tables of a world's systems as of a moment, asked for the stages of their leads."""

    def __init__(self, tables: dict[str, pd.DataFrame], criteria: Criteria, as_of: pd.Timestamp) -> None:
        self.as_of = _naive(as_of)
        self.criteria = criteria
        aside = ("ad_clicks", "spend", "staff_shifts")
        self.rows = {name: self._known(frame) for name, frame in tables.items() if name not in aside}

    def _known(self, frame: pd.DataFrame) -> list[Row]:
        return [row for row in rows_of(frame) if row.get("known_at") is None or row["known_at"] <= self.as_of]

    @cached_property
    def versions(self) -> dict[str, list[Row]]:
        """Versions of each lead record, in order."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in spanned(self.rows["leads"], ("lead_id",)):
            found[row["lead_id"]].append(row)
        return found

    @cached_property
    def lead_of(self) -> dict[str, str]:
        """Record → the lead it belongs to at as_of."""
        stated = {lead: versions[-1]["merged_into_lead_id"] for lead, versions in self.versions.items()}
        for row in self.rows["identities"]:
            if row["id_type"] == "crm_id" and row["id_value"] in stated:
                stated[row["id_value"]] = row["lead_id"]
        return {lead: into if into in stated else lead for lead, into in stated.items()}

    @cached_property
    def links(self) -> dict[tuple[str, str], tuple[datetime, str]]:
        """(type, value) → when it was first linked, and to which record."""
        found: dict[tuple[str, str], tuple[datetime, str]] = {}
        for row in self.rows["identities"]:
            key = row["id_type"], row["id_value"]
            link = row["known_at"], row["lead_id"]
            found[key] = min(found.get(key, link), link)
        return found

    @cached_property
    def touches(self) -> dict[str, list[Row]]:
        """Touches of each record, effective once they are known and its own."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in spanned(self.rows["touches"], ("touch_id",), "occurred_at"):
            owner, since = row["lead_id"], row["valid_from"]
            if owner is None:
                links = [self.links.get((kind, row[kind])) for kind in ("anonymous_id", "click_id")]
                known = [(link[0], place, link[1]) for place, link in enumerate(links) if link]
                if not known:
                    continue
                linked, _, owner = min(known)
                since = max(since, linked)
            page = row["landing_page"]
            if not row["is_deleted"] and since < row["valid_to"]:
                path = urlsplit(page).path if page else None
                found[owner].append({**row, "source": "web", "valid_from": since, "landing_page": path})
        return found

    def facts(self, table: str, key: str, occurred: str) -> dict[str, list[Row]]:
        """Versions of what happened to each record."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in spanned(self.rows[table], (key,), occurred):
            if not row["is_deleted"]:
                found[row["lead_id"]].append({**row, "source": "crm"})
        return found

    @cached_property
    def work_events(self) -> dict[str, list[Row]]:
        """Versions of work events of each record."""
        return self.facts("work_events", "event_id", "occurred_at")

    @cached_property
    def appointments(self) -> dict[str, list[Row]]:
        """Versions of appointments of each record."""
        return self.facts("appointments", "appointment_id", "booked_at")

    @cached_property
    def attributes(self) -> dict[str, list[Row]]:
        """Versions of attributes of each record: its own row speaks until a row of that name does."""
        found: dict[str, list[Row]] = defaultdict(list)
        first: dict[tuple[str, str], datetime] = {}
        for row in spanned(self.rows["lead_attributes"], ("lead_id", "name")):
            found[row["lead_id"]].append(row)
            at = row["lead_id"], row["name"]
            first[at] = min(first.get(at, END), row["valid_from"])
        for lead, versions in self.versions.items():
            for row in versions:
                values = {**row, "postal_area": row["postal_code"][:3] if row["postal_code"] else None}
                for name in _ON_THE_LEAD if not row["is_deleted"] else ():
                    end = min(row["valid_to"], first.get((lead, name), END))
                    if row["valid_from"] < end:
                        span = {"valid_from": row["valid_from"], "valid_to": end}
                        found[lead].append({"name": name, "value": values[name], **span})
        return found

    def record(self, lead: str) -> Record:
        """A record as the evaluator of the criteria takes it."""
        versions = self.versions[lead]
        effective = max(versions[0]["created_at"], versions[0]["valid_from"])
        return Record(
            lead,
            effective,
            lines=versions,
            attributes=self.attributes[lead],
            touches=self.touches[lead],
            work_events=self.work_events[lead],
            appointments=[{**row, "occurred_at": row["booked_at"]} for row in self.appointments[lead]],
        )

    def stages(self) -> dict[str, Stages]:
        """Lead → when it became what; disqualified only of leads that are one record."""
        members: dict[str, list[str]] = defaultdict(list)
        for record, lead in self.lead_of.items():
            members[lead].append(record)
        found = {}
        for lead, records in members.items():
            each = [self._of_record(record) for record in records]
            found[lead] = {name: min((one[name] for one in each if one[name]), default=None) for name in each[0]}
            if len(records) > 1:
                del found[lead]["disqualified_at"]
        return found

    def _of_record(self, lead: str) -> Stages:
        judge = Judge(self.criteria, self.record(lead), self.as_of)
        mql, _ = judge.mql()
        qualifies = mql["at"] if mql and mql["qualifies"] else None
        ready, _ = judge.sql_stage()
        changes = judge.disqualified(qualifies)
        current = [row for row in self.appointments[lead] if row["valid_to"] == END]
        return {
            "became_mql_at": qualifies,
            "became_sql_at": ready["at"] if ready else None,
            "appointment_booked_at": min((self._booked(lead, row) for row in current), default=None),
            "consult_held_at": min((self._held(row) for row in current if row["status"] == "held"), default=None),
            "disqualified_at": changes[-1][0] if changes and changes[-1][1] else None,
        }

    def _booked(self, lead: str, row: Row) -> datetime:
        """An appointment is booked when it was and somebody could know."""
        known: datetime = min(
            one["known_at"] for one in self.appointments[lead] if one["appointment_id"] == row["appointment_id"]
        )
        return max(known, row["booked_at"])

    def _held(self, row: Row) -> datetime:
        """A consult is held when the appointment was and somebody said so."""
        return max(row["known_at"], row["starts_at"])
