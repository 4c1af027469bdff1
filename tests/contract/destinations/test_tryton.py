"""What `tryton` promises beside the contract: a key that opens little, no call twice, staff's fields theirs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import pytest
import requests

from orchestration.destinations.base import DestinationError, Unavailable
from orchestration.destinations.help_texts import HELP
from orchestration.destinations.tryton import TrytonDestination
from tests.contract.destinations.systems import payload, write_of
from tests.contract.destinations.tryton_system import TrytonSystem
from tests.tryton.server import KEY, Tryton


@pytest.fixture
def crm(tryton: Tryton) -> Iterator[TrytonSystem]:
    with closing(TrytonSystem(tryton)) as system:
        system.make(["a", "b", "c"])
        yield system


@contextmanager
def answering(status: int, body: str = "", **headers: str) -> Iterator[tuple[TrytonDestination, list[str]]]:
    """A client of a server that answers every call alike, and the calls it had; status 0 cuts the line."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(self.path)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with closing(
        TrytonDestination(name="crm", source="clinic", url=url, database="db", token="secret-key")
    ) as destination:
        yield destination, calls
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "headers", "retry_after", "is_fate_unknown"),
    [(429, {"Retry_After": "7"}, 7.0, False), (503, {}, None, True), (500, {}, None, True), (0, {}, None, True)],
)
def test_not_now_is_told_apart_and_nothing_is_sent_twice(status, headers, retry_after, is_fate_unknown):
    with answering(status, **headers) as (crm, calls):
        with pytest.raises(Unavailable) as caught:
            crm.write([write_of("a", 1)])
        assert (caught.value.retry_after, caught.value.is_fate_unknown) == (retry_after, is_fate_unknown)
        assert calls == ["/db/warm_handoff/write"]


@pytest.mark.parametrize(("status", "words"), [(401, "our key"), (403, "our key"), (404, "handoff prepare crm")])
def test_what_cannot_be_used_says_what_to_do_and_shows_no_key(status, words):
    with answering(status) as (crm, _), pytest.raises(DestinationError, match=words) as caught:
        crm.check()
    assert "secret-key" not in str(caught.value) and not isinstance(caught.value, Unavailable)


def test_an_answer_that_is_no_answer_leaves_the_fate_unknown():
    with answering(200, "<html>a proxy's page</html>") as (crm, _), pytest.raises(Unavailable) as caught:
        crm.write([write_of("a", 1)])
    assert caught.value.is_fate_unknown


def test_a_server_that_is_not_there_has_applied_nothing():
    with (
        closing(
            TrytonDestination(name="crm", source="c", url="http://127.0.0.1:1", database="db", token="t")
        ) as destination,
        pytest.raises(Unavailable),
    ):
        destination.check()


def test_a_tryton_without_our_module_is_named(tryton):
    with (
        closing(
            TrytonDestination(name="crm", source="c", url=tryton.url, database="nowhere", token=KEY)
        ) as destination,
        pytest.raises(DestinationError, match="lacks our module"),
    ):
        destination.check()


def test_the_key_opens_our_calls_and_nothing_else(crm):
    crm.open().check()
    for path in ("rest/model/sale.opportunity", "rest/model/party.party"):
        reply = requests.get(
            f"{crm.tryton.url}/{crm.tryton.database}/{path}", headers={"Authorization": f"bearer {KEY}"}, timeout=60
        )
        assert reply.status_code == 401
    with pytest.raises(DestinationError, match="our key"):
        crm.open(token="k" * 31).check()


def test_readiness_becomes_the_probability_once_and_staff_may_change_it(crm):
    client = crm.open()
    client.write([write_of("a", 1, handoff_readiness=0.71234), write_of("b", 2, handoff_readiness=None)])
    assert (crm.probability("a"), crm.probability("b")) == (0.7123, 0.5)
    crm.rpc.model("sale.opportunity", "write", [crm.id_of("a")], {"conversion_probability": 0.2})
    client.write([write_of("a", 3, expected=payload(), handoff_readiness=0.71234, handoff_band="low")])
    assert crm.probability("a") == 0.2 and crm.raw("a")["handoff_band"] == "low"


def test_a_closed_lead_keeps_its_probability(crm):
    crm.rpc.model("sale.opportunity", "cancel", [crm.id_of("a")])
    answers = crm.open().write([write_of("a", 1, handoff_readiness=0.9)])
    assert answers["a"].outcome == "acknowledged"
    assert crm.probability("a") == 0.5 and crm.raw("a")["handoff_readiness"] == "0.9"


def test_several_records_of_one_lead_id_are_not_guessed_among(crm):
    crm.rpc.model("sale.opportunity", "write", [crm.id_of("b")], {"reference": "a"})
    client = crm.open()
    answers = client.write([write_of("a", 1), write_of("c", 2)])
    assert (answers["a"].outcome, answers["a"].error_code) == ("rejected", "several_records")
    assert answers["c"].outcome == "acknowledged" and "a" not in client.read(["a", "c"])


def test_leads_are_found_by_tryton_s_own_id_too(crm):
    number = str(crm.id_of("a"))
    client = crm.open(key="id")
    client.check()
    answers = client.write([write_of(number, 1), write_of(f"0{number}", 2), write_of("a", 3)])
    assert [answers[i].outcome for i in (number, f"0{number}", "a")] == ["acknowledged", "gone", "gone"]
    assert set(client.read([number, "a"])) == {number}


def test_staff_see_what_the_fields_mean_and_change_the_route_alone(crm):
    crm.open().write([write_of("a", 1)])
    told = crm.rpc.model("sale.opportunity", "fields_get", list(HELP), 0)
    assert set(told) == set(HELP) and all(field["help"] for field in told.values())
    assert {name for name, field in told.items() if not field["readonly"]} == {"handoff_team_id", "handoff_staff_id"}
    with pytest.raises(RuntimeError, match="not allowed"):
        crm.rpc.model("sale.opportunity", "write", [crm.id_of("a")], {"handoff_band": "mine"})


def test_the_queue_stands_in_the_menu_most_urgent_first(crm):
    client = crm.open()
    client.write([write_of("a", 1), write_of("b", 2, handoff_priority=1), write_of("c", 3, handoff_queue=None)])
    (action,) = crm.rpc.model(
        "ir.action.act_window", "search_read", [["name", "=", "Handoff queue"]], 0, 1, None, ["domain", "order"]
    )
    order = [["handoff_queue", "ASC"], ["handoff_priority", "ASC"], ["handoff_sla_due_at", "ASC"]]
    assert "handoff_queue" in action["domain"] and all(name in action["order"] for name, _ in order)
    found = crm.rpc.model(
        "sale.opportunity", "search_read", [["handoff_queue", "!=", None]], 0, None, order, ["reference"]
    )
    assert [row["reference"] for row in found] == ["b", "a"]


def test_the_queue_has_no_column_that_tryton_s_web_client_cannot_draw(crm):
    (view,) = crm.rpc.model("ir.ui.view", "search", [["name", "=", "opportunity_queue"]], 0, 1, None)
    told = crm.rpc.model("sale.opportunity", "fields_view_get", view, "tree")
    columns = [
        (column.get("name"), column.get("widget") or told["fields"][column.get("name")]["type"])
        for column in ElementTree.fromstring(told["arch"]).iter("field")
    ]
    assert not [name for name, kind in columns if kind in ("timestamp", "datetime")], "it draws dates and times, apart"
    assert [kind for name, kind in columns if name == "handoff_sla_due_at"] == ["date", "time"]
