"""The sensor that alarms: it fails the check on receipts once when a write waits too long, then passes it again."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import waiting
from orchestration.lake.outbox import Outbox, Wanted
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_types import Receipt
from orchestration.sensors import build_sensors
from orchestration.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "sources.yaml").write_text(
        "sources:\n  clinic: {connector: contract_files, path: ., timezone: UTC}\n"
        'destinations:\n  crm: {kind: sql, url: "sqlite:///crm.db", source: clinic, table: t, key: k'
        ", alarm_after: PT5M}\n"
    )
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources.yaml")


def tick(settings: Settings, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    sensor = next(each for each in build_sensors(settings) if each.name == "waiting_writes")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_a_write_that_waits_too_long_fails_the_check_once_and_passes_it_after(settings, monkeypatch):
    assert isinstance(tick(settings, None), dg.SkipReason), "nothing was ever sent"
    with closing(Outbox(settings.outbox)) as outbox:
        outbox.queue("crm", [Wanted("a", "key-a", "clinic", {"handoff_stage": "mql"})])
        assert isinstance(tick(settings, None), dg.SkipReason), "not too long yet"
        monkeypatch.setattr(waiting, "now", lambda: now() + timedelta(minutes=6))
        late = tick(settings, None)
        (check,) = late.asset_events
        assert (check.passed, check.severity, late.cursor) == (False, dg.AssetCheckSeverity.ERROR, "crm")
        assert "6 minutes; 5 minutes are allowed" in str(check.metadata["crm"].value)
        assert isinstance(tick(settings, "crm"), dg.SkipReason), "told once"
        writes = outbox.begin("crm", outbox.pending("crm", limit=9))
        outbox.settle("crm", [Receipt(each, "verified", now(), now(), now(), has_arrived=True) for each in writes])
        mended = tick(settings, "crm")
        assert [each.passed for each in mended.asset_events] == [True] and mended.cursor == ""
