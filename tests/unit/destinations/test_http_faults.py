"""How long a refusal asks to wait, and what may have happened to what was sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestration.destinations.http_faults import code_of, is_later, later, lost, retry_after

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(said, seconds):
    headers = {} if said is None else {"retry-AFTER": said}
    assert retry_after(headers, now=NOW) == seconds


def test_only_a_code_passes_as_a_code():
    assert code_of("STRING_TOO_LONG") == "STRING_TOO_LONG"
    for message in ("Jane Doe is not valid", "", None, 7, "X" * 200, 'A"B'):
        assert code_of(message) == "refused"


def test_a_gateway_may_hide_a_write_that_was_done_and_a_refusal_does_not():
    assert [status for status in (200, 400, 404, 423, 429, 477, 500, 502, 503, 504) if is_later(status)] == [
        *(423, 429, 477, 500, 502, 503, 504)
    ]
    fates = {status: later("crm", "X", status, is_write=True).is_fate_unknown for status in (423, 429, 502, 504)}
    assert fates == {423: False, 429: False, 502: True, 504: True}
    assert not later("crm", "X", 503).is_fate_unknown, "reading changes nothing"
    assert lost("crm", "X", is_write=True).is_fate_unknown
    assert not lost("crm", "X", is_write=True, was_sent=False).is_fate_unknown
