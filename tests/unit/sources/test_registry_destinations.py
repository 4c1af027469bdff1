"""What destinations may say of themselves, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.sources.registry import Registry, RegistryRefused, load_registry

HEAD = "sources:\n  clinic: {connector: contract_files, path: ./export, timezone: UTC}\ndestinations:\n"


def load(folder: Path, entry: str) -> Registry:
    (folder / "sources.yaml").write_text(f"{HEAD}  crm: {{source: clinic, {entry}}}\n", encoding="utf-8")
    return load_registry(folder / "sources.yaml", environ={"KEY": "hunter2", "URL": "https://crm.example/"})


@pytest.mark.parametrize(
    ("entry", "options"),
    [
        (
            'kind: sql, url: "sqlite:////x.db", table: t, key: id',
            {"url": "sqlite:////x.db", "table": "t", "schema": None, "key": "id"},
        ),
        (
            "kind: tryton, url: env:URL, database: crm, token: env:KEY",
            {"url": "https://crm.example", "database": "crm", "token": "hunter2", "key": "reference"},
        ),
        (
            "kind: hubspot, token: env:KEY, key: lead_ref, object: deals",
            {"token": "hunter2", "object_type": "deals", "key": "lead_ref"},
        ),
        (
            "kind: salesforce, instance_url: env:URL, client_id: env:KEY, client_secret: env:KEY, key: Ref__c",
            {
                "instance_url": "https://crm.example",
                "client_id": "hunter2",
                "client_secret": "hunter2",
                "object_type": "Lead",
                "key": "Ref__c",
            },
        ),
    ],
)
def test_every_kind_is_opened_by_what_its_entry_says_and_shows_no_secret(tmp_path, entry, options):
    registry = load(tmp_path, entry)
    destination = registry.destinations["crm"]
    assert destination.options() == {"name": "crm", "source": "clinic", **options}
    assert (destination.mode, destination.live_teams, destination.conflicts) == ("live", (), "restore")
    assert "hunter2" not in f"{registry!r} {destination.model_dump_json()}"


def test_live_for_some_teams_and_how_long_a_write_may_wait(tmp_path):
    entry = "kind: hubspot, token: env:KEY, key: k, live_teams: [t1, t2], conflicts: leave, alarm_after: PT15M"
    destination = load(tmp_path, entry).destinations["crm"]
    assert destination.live_teams == ("t1", "t2") and destination.alarm_after_minutes == 15


@pytest.mark.parametrize(
    ("entry", "where", "words"),
    [
        ("kind: hubspot, token: pat-123, key: k", "crm.token", "must be env:NAME"),
        ("kind: hubspot, token: env:NONE, key: k", "crm.token", "NONE is not set"),
        ("kind: tryton, url: 'http://crm.example', database: d, token: env:KEY", "crm.url", "in clear"),
        (
            "kind: tryton, url: 'https://me:hush1@crm.example', database: d, token: env:KEY",
            "crm.url",
            "without a user",
        ),
        ("kind: hubspot, token: env:KEY, key: k, mode: off", "crm.mode", "quotes"),
        ("kind: hubspot, token: env:KEY, key: k, mode: shadow, live_teams: [a]", "crm.live_teams", "means nothing"),
        ("kind: hubspot, token: env:KEY, key: handoff_stage", "crm.key", "this project writes"),
        ("kind: salesforce, instance_url: env:URL, key: k", "crm", "needs either"),
        ("kind: salesforce, instance_url: env:URL, key: k, token: env:KEY, client_id: env:KEY", "crm", "needs either"),
        ("kind: hubspt, token: env:KEY, key: k", "crm.kind", "did you mean `hubspot`"),
    ],
)
def test_faults_are_named_where_they_stand_and_show_no_value(tmp_path, entry, where, words):
    with pytest.raises(RegistryRefused) as refused:
        load(tmp_path, entry)
    told = [fault for fault in refused.value.faults if fault.where == f"destinations.{where}"]
    assert any(words in fault.message for fault in told), str(refused.value)
    assert "hush1" not in str(refused.value) and "pat-123" not in str(refused.value)
