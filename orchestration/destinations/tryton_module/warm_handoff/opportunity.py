"""Handoff fields on leads and opportunities: written by Warm Handoff by key, read by everybody.

Values come and go as texts: times in UTC with Z, numbers without exponent.
"""

import datetime as dt
from decimal import Decimal

from sql import For
from sql.aggregate import Max
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

KEYS = ("reference", "number", "id")
GUARDED = ("handoff_team_id", "handoff_staff_id")
OPEN = ("lead", "opportunity", "converted")


class BigInteger(fields.Integer):
    """An integer of eight bytes."""

    _sql_type = "BIGINT"


def _char(label, help_, **options):
    return fields.Char(label, strip=False, help=help_, **{"readonly": True, **options})


class SaleOpportunity(metaclass=PoolMeta):
    """A lead or opportunity with what Warm Handoff knows of it."""

    __name__ = "sale.opportunity"

    handoff_stage = _char("Handoff stage", "Stage by the written criteria. Set by Warm Handoff.")
    handoff_mql_at = fields.DateTime(
        "Marketing-qualified since", readonly=True, help="When it became marketing-qualified, in your own time zone."
    )
    handoff_fit_points = fields.Numeric(
        "Fit points", digits=(16, 6), readonly=True, help="Points for who they are, by the criteria."
    )
    handoff_behaviour_points = fields.Numeric(
        "Behaviour points", digits=(16, 6), readonly=True, help="Points for what they did, by the criteria."
    )
    handoff_readiness = fields.Numeric(
        "Readiness",
        digits=(16, 6),
        readonly=True,
        help="Probability of becoming sales-qualified in the horizon, worked out once, when it became "
        "marketing-qualified. Empty: not scored.",
    )
    handoff_band = _char("Band", "Readiness in words. Empty: not scored.")
    handoff_reasons = fields.Text("Reasons", strip=False, readonly=True, help="Why this readiness and this route.")
    handoff_team_id = _char(
        "Handoff team",
        "Team it is routed to. Where wrong, change it: yours stays, and is reported.",
        readonly=False,
    )
    handoff_staff_id = _char(
        "Handoff member",
        "Member it is routed to, where the team wants one. Where wrong, change it: yours stays.",
        readonly=False,
    )
    handoff_queue = _char("Queue", "Queue it waits in. Empty: waits in none.")
    handoff_priority = fields.Integer("Priority", readonly=True, help="Order within the queue: 1 first.")
    handoff_sla_due_at = fields.DateTime(
        "Contact due by", readonly=True, help="First contact is due by then, in your own time zone."
    )
    handoff_versions = _char("Versions", "Versions of criteria and model that decided.")
    handoff_sequence = BigInteger(
        "Sequence", readonly=True, help="Number of the write that set these fields: none lands over a newer one."
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_indexes.update(
            {
                Index(table, (table.reference, Index.Equality())),
                Index(table, (table.number, Index.Equality())),
                Index(table, (table.handoff_queue, Index.Equality(cardinality="low"))),
            }
        )

    @classmethod
    def handoff_schema(cls):
        """Fields and their types, modules that may bring rules of their own, the greatest sequence held."""
        transaction = Transaction()
        with transaction.set_context(_check_access=False):
            modules = Pool().get("ir.module").search([("state", "=", "activated")])
            names = sorted(module.name for module in modules)
        table = cls.__table__()
        cursor = transaction.connection.cursor()
        cursor.execute(*table.select(Max(table.handoff_sequence)))
        return {
            "keys": KEYS,
            "fields": {name: cls._fields[name]._type for name in cls._handoff_names()},
            "modules": names,
            "highest_sequence": cursor.fetchone()[0] or 0,
        }

    @classmethod
    def handoff_read(cls, key, lead_ids):
        """Lead id → record id and fields. Ids of no record, or of several, are absent."""
        names = cls._handoff_names()
        found = cls._handoff_found(key, lead_ids)
        ids = {records[0].id: lead_id for lead_id, records in found.items() if len(records) == 1}
        return {
            ids[row["id"]]: {"id": row["id"], "fields": {name: _text(row[name]) for name in names}}
            for row in cls.read(list(ids), names)
        }

    @classmethod
    def handoff_write(cls, key, writes):
        """Lead id → [outcome, code, record id], of `changed` also what is held. Locks what it judges and writes."""
        found = cls._handoff_found(key, [write["lead_id"] for write in writes], lock=True)
        answers, changes = {}, []
        for write in writes:
            records = found.get(write["lead_id"], [])
            if len(records) == 1:
                outcome, code, *held = cls._handoff_refusal(records[0], write) or ["acknowledged", None]
                answers[write["lead_id"]] = [outcome, code, records[0].id, *held]
                if outcome == "acknowledged":
                    changes += [records, cls._handoff_values(records[0], write)]
            else:
                answers[write["lead_id"]] = ["rejected", "several_records", None] if records else ["gone", None, None]
        if changes:
            Pool().get("ir.model.access").check(cls.__name__, "write")
            # Whose leads these are was checked as they were found. Our fields are read only for everybody else: the
            # write itself, which holds no other fields, cannot be checked as one of a person is.
            with Transaction().set_context(_check_access=False):
                cls.write(*changes)
        return answers

    @classmethod
    def _handoff_names(cls):
        return [name for name in cls._fields if name.startswith("handoff_")]

    @classmethod
    def _handoff_found(cls, key, lead_ids, lock=False):
        if key not in KEYS:
            raise ValueError(key)
        asked = {int(i): i for i in lead_ids if i.isdecimal() and str(int(i)) == i} if key == "id" else None
        records = cls.search([(key, "in", list(lead_ids if asked is None else asked))])
        if lock and records:
            table, transaction = cls.__table__(), Transaction()
            if transaction.database.has_select_for():
                where = table.id.in_([record.id for record in records])
                query = table.select(table.id, where=where, order_by=table.id, for_=For("UPDATE"))
                transaction.connection.cursor().execute(*query)
        found = {}
        for record in records:
            value = getattr(record, key)
            found.setdefault(value if asked is None else asked[value], []).append(record)
        return found

    @classmethod
    def _handoff_refusal(cls, record, write):
        if record.handoff_sequence is not None and record.handoff_sequence >= write["sequence"]:
            return ["newer", "newer_write_present"]
        for name in GUARDED:
            held = getattr(record, name) or None
            if held not in (write["fields"].get(name), write["expected"].get(name)):
                return ["conflict", name]
        found = cls._handoff_changed(record, write)
        return ["changed", None, found] if found else None

    @classmethod
    def _handoff_changed(cls, record, write):
        """Other fields that hold neither what is written nor what is expected there, where all of it is known."""
        fields_, expected = write["fields"], write["expected"]
        names = [name for name in cls._handoff_names() if name in fields_ and name not in GUARDED]
        if record.handoff_sequence is None or not all(name in expected for name in names):
            return {}
        held = {name: _value(cls._fields[name]._type, _text(getattr(record, name))) for name in names}
        return {
            name: _text(value)
            for name, value in held.items()
            if value not in [_value(cls._fields[name]._type, each[name]) for each in (fields_, expected)]
        }

    @classmethod
    def _handoff_values(cls, record, write):
        names = cls._handoff_names()
        values = {
            name: _value(cls._fields[name]._type, text) for name, text in write["fields"].items() if name in names
        }
        values["handoff_sequence"] = write["sequence"]
        readiness = values.get("handoff_readiness")
        # Once: what staff make of the probability afterwards is theirs.
        if readiness is not None and readiness != record.handoff_readiness and record.state in OPEN:
            values["conversion_probability"] = float(round(readiness, 4))
        return values


def _value(type_, text):
    if text is None:
        return None
    if type_ == "datetime":
        return dt.datetime.fromisoformat(text.removesuffix("Z"))
    if type_ == "numeric":
        return Decimal(text)
    return int(text) if type_ == "integer" else text


def _text(value):
    if value is None or value == "":
        return None
    return f"{value.isoformat()}Z" if isinstance(value, dt.datetime) else str(value)
