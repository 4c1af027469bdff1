"""PostgreSQL as clinics have it: rights by column, row-level policies, triggers, views, columns of any type.

Each either works or says what to do; nothing is lost, and nothing half written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from orchestration.destinations.base import FIELDS, DestinationError, Unavailable
from orchestration.destinations.delivery import deliver
from orchestration.destinations.sql import SqlDestination
from orchestration.lake.outbox import Outbox, Wanted
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.systems import PAYLOAD

LEADS = ["lead-0", "lead-1", "lead-2"]
_ALL = ", ".join(FIELDS)
_BUT_BAND = ", ".join(name for name in FIELDS if name != "handoff_band")
_NO_BAND = f"grant select on leads to handoff; grant update ({_BUT_BAND}) on leads to handoff"
_TRIGGER = (
    "create function meddle() returns trigger language plpgsql as $$ begin {body} end $$",
    "create trigger meddling before update on leads for each row execute function meddle()",
)
_SKIPS = "if new.lead_id = 'lead-1' then return null; end if; return new;"
_RAISES = "if new.lead_id = 'lead-1' then raise exception 'Jo Doe, 555-0101'; end if; return new;"
_REWRITES = "new.handoff_queue = 'mine'; return new;"
_POLICY = (
    "grant select, update on leads to handoff; alter table leads enable row level security; "
    "create policy seen on leads for select to handoff using ({seen}); "
    "create policy written on leads for update to handoff using ({using}) with check ({check})"
)


@pytest.fixture
def crm(postgres_database_url: str) -> Iterator[SqlSystem]:
    """A table of three leads, and a user `handoff` without any right."""
    with closing(SqlSystem("postgresql", postgres_database_url)) as system:
        system.make(LEADS)
        system.execute(
            "do $$ begin create role handoff login; exception when duplicate_object then null; end $$",
        )
        yield system


@pytest.fixture
def sent(crm: SqlSystem, outbox: Outbox) -> Callable[..., dict[str, int]]:
    """Delivers three leads as user `handoff` (None: the owner), and returns states."""

    def run(user: str | None = "handoff", **options: str) -> dict[str, int]:
        url = sa.make_url(crm.url).set(**({"username": user} if user else {}))
        said = {"url": url.render_as_string(hide_password=False), "table": "leads", "key": "lead_id", **options}
        outbox.queue("crm", [Wanted(each, f"key of {each}", "clinic", PAYLOAD) for each in LEADS])
        with closing(SqlDestination(name="crm", source="clinic", **said)) as destination:
            return deliver(outbox, destination, pause=lambda _: None)

    return run


@pytest.mark.parametrize(("statements", "told"), [
    ("", "our user lacks SELECT on lead_id, handoff_stage, .*; UPDATE on handoff_stage, .*handoff prepare crm"),
    (_NO_BAND, "our user lacks UPDATE on handoff_band; `handoff prepare crm`"),
    (f"grant select (lead_id, {_BUT_BAND}), update ({_ALL}) on leads to handoff", "lacks SELECT on handoff_band;"),
])  # fmt: skip
def test_a_right_that_is_missing_is_named_before_anything_is_sent(crm, outbox, sent, statements, told):
    crm.execute(*filter(None, statements.split("; ")))
    with pytest.raises(DestinationError, match=told):
        sent()
    assert outbox.counts("crm") == {"queued": 3}
    crm.execute(f"grant select (lead_id, {_ALL}), update ({_ALL}) on leads to handoff")
    assert sent() == {"verified": 3}, "the least rights are enough"


@pytest.mark.parametrize(("options", "kind", "told"), [
    ({"user": "nobody"}, DestinationError, "does not let us in; check user, password and url"),
    ({"url": "postgresql+psycopg2://x:secret@127.0.0.1:1/crm"}, Unavailable, "cannot be reached .*check url"),
    ({"user": None, "table": "contacts"}, DestinationError, "no table contacts .*correct `table` and `schema`"),
])  # fmt: skip
def test_who_is_not_let_in_or_looks_in_the_wrong_place_is_told_so(outbox, sent, options, kind, told):
    with pytest.raises(DestinationError, match=told) as caught:
        sent(**options)
    assert type(caught.value) is kind and "secret" not in str(caught.value)
    assert outbox.counts("crm") == {"queued": 3}


@pytest.mark.parametrize(("body", "states", "code"), [
    (_SKIPS, {"verified": 2, "failed": 1}, "not_applied"),
    (_RAISES, {"verified": 2, "rejected": 1}, "P0001"),
    (_REWRITES, {"rejected": 3}, "read_back_differs handoff_queue"),
])  # fmt: skip
def test_what_a_trigger_does_is_said_of_the_record_and_the_field(crm, outbox, sent, body, states, code):
    crm.execute(*(statement.format(body=body) for statement in _TRIGGER))
    try:
        assert sent(None) == states
        found = [*outbox.dead_letters("crm"), *outbox.waiting("crm", limit=9)]
        assert {each.error_code for each in found} == {code}
        assert outbox.unlanded_findings("b") == {}, "nobody else changed anything"
        assert "Jo Doe" not in str(outbox.unlanded_receipts("b"))
    finally:
        crm.execute("drop function meddle cascade")


@pytest.mark.parametrize(("policy", "states", "code"), [
    ({"seen": "lead_id <> 'lead-1'", "using": "true", "check": "true"}, {"verified": 2, "gone": 1}, "unknown_record"),
    ({"seen": "true", "using": "lead_id <> 'lead-1'", "check": "true"}, {"verified": 2, "failed": 1}, "not_applied"),
    ({"seen": "true", "using": "true", "check": "lead_id <> 'lead-1'"}, {"verified": 2, "rejected": 1},
     "42501 row_level_security"),
])  # fmt: skip
def test_rows_that_a_policy_keeps_from_us_harm_no_other(crm, outbox, sent, policy, states, code):
    crm.execute(*_POLICY.format(**policy).split("; "))
    assert sent() == states
    found = [*outbox.dead_letters("crm"), *outbox.waiting("crm", limit=9)]
    assert [(each.lead_id, each.error_code) for each in found] == [("lead-1", code)]


def test_a_view_that_takes_updates_will_do_and_another_is_refused_as_a_whole(crm, outbox, sent):
    crm.execute("create view fixed as select distinct * from leads", "create view open as select * from leads")
    with pytest.raises(DestinationError, match="55000.*a view must be one that takes updates"):
        sent(None, table="fixed")
    assert sent(None, table="open") == {"verified": 3}


def test_columns_of_fixed_width_and_numbers_as_text(crm, outbox, sent):
    crm.execute("drop view handoff_queue")
    for name in ("handoff_stage", "handoff_team_id", "handoff_queue"):
        crm.execute(f"alter table leads alter column {name} type char(20)")
    crm.execute("alter table leads alter column lead_id type char(12)")
    assert sent(None) == {"verified": 3}
    rows = [Wanted(each, f"key of {each}", "clinic", {**PAYLOAD, "handoff_team_id": "t-2"}) for each in LEADS]
    outbox.queue("crm", rows)
    with closing(SqlDestination(name="crm", source="clinic", url=crm.url, table="leads", key="lead_id")) as destination:
        assert deliver(outbox, destination, pause=lambda _: None) == {"verified": 3}, "filled up is not changed"
    crm.execute("alter table leads alter column handoff_sequence type text")
    with pytest.raises(DestinationError, match="handoff_sequence of table leads holds text"):
        outbox.requeue("crm", "lead-0")
        sent(None)
