"""From the registry's words to a client that can write: what a user writes down is what the clients are made with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestration.destinations.open import open_destination
from orchestration.sources.registry import RegistryRefused, load_registry
from tests.contract.destinations.hubspot_system import KEY as PROPERTY
from tests.contract.destinations.hubspot_system import HubSpotSystem
from tests.contract.destinations.salesforce_system import KEY as FIELD
from tests.contract.destinations.salesforce_system import SalesforceSystem
from tests.contract.destinations.systems import write_of

SECRETS = {
    "CRM_TOKEN": "pat-test-1",
    "APP_ID": "consumer",
    "APP_SECRET": "secret of the app",
    "SESSION": "00D-session-1",
}


def registry_of(folder: Path, entry: str) -> Any:
    (folder / "export").mkdir()
    text = "sources:\n  clinic: {connector: contract_files, path: ./export, timezone: UTC}\n"
    (folder / "sources.yaml").write_text(f"{text}destinations:\n  crm: {entry}\n", encoding="utf-8")
    return load_registry(folder / "sources.yaml", environ=SECRETS)


@pytest.mark.parametrize(
    ("make", "entry"),
    [
        (
            lambda: HubSpotSystem("hubspot"),
            f"{{kind: hubspot, source: clinic, token: 'env:CRM_TOKEN', key: {PROPERTY}, url: '%s'}}",
        ),
        (
            SalesforceSystem,
            "{kind: salesforce, source: clinic, instance_url: '%s', client_id: 'env:APP_ID', "
            f"client_secret: 'env:APP_SECRET', key: {FIELD}}}",
        ),
        (
            SalesforceSystem,
            "{kind: salesforce, source: clinic, instance_url: '%s', token: 'env:SESSION', object: Lead, "
            f"key: {FIELD}}}",
        ),
    ],
)
def test_an_entry_opens_a_client_that_writes(make, entry, tmp_path):
    with closing(make()) as system:
        system.make(["lead-1"])
        registry = registry_of(tmp_path, entry % system.server.url)
        with open_destination(registry.destinations["crm"]) as crm:
            crm.check()
            assert crm.write([write_of("lead-1", 3)])["lead-1"].outcome == "acknowledged"
            assert (crm.name, crm.source) == ("crm", "clinic")
        assert not any(secret in repr(registry.destinations) for secret in SECRETS.values())


@pytest.mark.parametrize(
    "entry",
    [
        "{kind: hubspot, source: clinic, token: pat-test-1, key: k}",
        "{kind: salesforce, source: clinic, instance_url: 'http://acme.example', token: 'env:SESSION', key: k}",
    ],
)
def test_a_secret_in_the_file_or_sent_in_clear_is_refused(entry, tmp_path):
    with pytest.raises(RegistryRefused) as refused:
        registry_of(tmp_path, entry)
    assert "pat-test-1" not in str(refused.value)
