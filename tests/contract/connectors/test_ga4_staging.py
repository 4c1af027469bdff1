"""From GA4's files to the input contract: what staging makes of events that are touches, and of those that are none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.lake.run_rows import RunRow, write_run_rows
from orchestration.lake.tokens import token_of
from orchestration.sources.connectors import source_rows
from orchestration.sources.registry import load_registry
from tests.contract.connectors.ga4_events import event, write_events
from tests.contract.connectors.homes import KEY, LandingHome
from tests.golden.builds import DbtBuilds, query

_REGISTRY = """
sources:
  clinic:
    connector: ga4_export
    path: ga4
    timezone: America/Chicago
    lead_id_from: user_id
    signals: [{event: page_view, signal: view, topic: {param: topic}}]
"""


@pytest.fixture
def built(tmp_path: Path, home: LandingHome) -> Path:
    """A home whose day was said twice: a visitor's event taken back, another's no longer a signal."""
    (tmp_path / "sources.yaml").write_text(_REGISTRY)
    registry = load_registry(tmp_path / "sources.yaml", environ={})
    kept, lost = event("1.1", params={"topic": "a"}, user_id="L1"), event("2.2", params={"topic": "b"})
    turned, nobody = event("3.3", event_bundle_sequence_id=1), event(None)
    path = tmp_path / "ga4" / "events_20260301.ndjson"
    for events in ([kept, lost, turned, nobody, event("4.4", name="scroll")], [kept, turned]):
        write_events(path, events)
        home.land(registry.sources["clinic"])
    mended = _REGISTRY.replace("event: page_view,", "event: page_view, where: {topic: '*'},")
    (tmp_path / "sources.yaml").write_text(mended)
    registry = load_registry(tmp_path / "sources.yaml", environ={})
    home.land(registry.sources["clinic"])
    write_run_rows(home.paths, run=RunRow(as_of=datetime(2026, 4, 1), run_no=9), sources=source_rows(registry))
    DbtBuilds(tmp_path / "dbt").build(home.paths.home, select=["+input__touches", "+input__identities"], tests=True)
    return home.paths.home


def test_touches_and_links_reach_the_input_contract(built: Path) -> None:
    tokens = {name: token_of("anonymous", name, KEY) for name in ("1.1", "2.2", "3.3")}
    columns = "anonymous_token, lead_id, signal, topic, is_deleted, known_at, landing_page"
    found = query(built, f"select {columns} from input.input__touches order by anonymous_token, known_at, is_deleted")
    at, page = datetime(2026, 3, 1, 18), "/orthopaedics/knee"
    second, third = datetime(2026, 3, 3), datetime(2026, 3, 4)
    expected = [
        (tokens["1.1"], "L1", "view", "a", False, at, page),
        (tokens["2.2"], None, "view", "b", False, at, page),
        (tokens["2.2"], None, "view", "b", True, second, page),
        (tokens["3.3"], None, "view", None, False, at, page),
        (tokens["3.3"], None, "page_view", None, True, third, page),
    ]
    rows = [tuple(None if cell != cell else cell for cell in row) for row in found.itertuples(index=False)]
    touching = [row for row in rows if not (row[4] and row[0] not in tokens.values())]
    assert sorted(touching, key=str) == sorted(expected, key=str)
    links = query(built, "select lead_id, id_type, id_token from input.input__identities")
    assert {tuple(row) for row in links.itertuples(index=False)} == {("L1", "anonymous_id", tokens["1.1"])}
