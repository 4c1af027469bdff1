"""What a destination may say of itself in the registry, one class per kind of CRM.

    crm: {kind: hubspot, token: env:HUBSPOT_TOKEN, key: clinic_lead_id, source: clinic, mode: shadow}

Secrets are named (`env:NAME`), never written. What each kind does with its entry is `orchestration.destinations`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo

from orchestration.sources.registry_base import Entry
from orchestration.sources.registry_values import DatabaseUrl, Duration, Text, Texts, refuse, resolved

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _secret(value: object, info: ValidationInfo) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, str) or not value.startswith("env:"):
        raise refuse("must be env:NAME: a secret stands in the environment, not in this file")
    return SecretStr(resolved(value, info, "the key of this CRM"))


def _web_address(value: object, info: ValidationInfo) -> str:
    text = resolved(value, info, "the address of this CRM, such as https://crm.example")
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password:
        raise refuse("is not a web address: write https:// and the host, without a user or a password")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise refuse("would send the key in clear: write https://")
    return text.rstrip("/")


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]


class Destination(Entry):
    """What every destination may say.

    `mode`: live; shadow, everything but the sending; paused, nothing leaves and what is new waits. `live_teams`: leads
    of these teams alone are sent, the others are in shadow. `conflicts`: what becomes of a field of ours that someone
    changed, where it is not the team or the member: these always stand. `alarm_after`: how long a write may wait;
    by default the shortest time the criteria promise for a first contact.
    """

    name: str = Field(alias="@name")
    kind: str
    source: Text
    key: Text
    mode: Literal["live", "shadow", "paused"] = "live"
    live_teams: Texts = ()
    conflicts: Literal["restore", "leave"] = "restore"
    alarm_after: Duration | None = None

    def options(self) -> dict[str, Any]:
        """What the client of this kind is made with, secrets in clear."""
        return {"name": self.name, "source": self.source, "key": self.key}

    @property
    def alarm_after_minutes(self) -> float | None:
        """`alarm_after` in minutes."""
        return None if self.alarm_after is None else self.alarm_after / timedelta(minutes=1)


class SqlDestination(Destination):
    """A table of a CRM's database that takes the `handoff_*` columns of the leads of one source."""

    kind: Literal["sql"]
    url: DatabaseUrl
    table: Text
    db_schema: Text | None = Field(default=None, alias="schema")

    def options(self) -> dict[str, Any]:
        """Address, table, schema."""
        return super().options() | {
            "url": self.url.get_secret_value(),
            "table": self.table,
            "schema": self.db_schema,
        }


class TrytonDestination(Destination):
    """Sale opportunities of a Tryton database, by its JSON-RPC; `key` is the field that holds our lead ids."""

    kind: Literal["tryton"]
    url: WebAddress
    database: Text
    token: Secret
    key: Text = "reference"

    def options(self) -> dict[str, Any]:
        """Address, database, key."""
        return super().options() | {
            "url": self.url,
            "database": self.database,
            "token": self.token.get_secret_value(),
        }


class HubspotDestination(Destination):
    """Objects of a HubSpot account; `key` is a property with unique values that holds our lead ids."""

    kind: Literal["hubspot"]
    token: Secret
    object_type: Text = Field(default="contacts", alias="object")
    url: WebAddress | None = None

    def options(self) -> dict[str, Any]:
        """Token and object."""
        said = {"token": self.token.get_secret_value(), "object_type": self.object_type}
        return super().options() | said | ({"url": self.url} if self.url else {})


class SalesforceDestination(Destination):
    """Records of a Salesforce org; `key` is an external id field that holds our lead ids."""

    kind: Literal["salesforce"]
    instance_url: WebAddress
    token: Secret | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None
    object_type: Text = Field(default="Lead", alias="object")

    def options(self) -> dict[str, Any]:
        """Address, object, and the key or the pair it is made from."""
        secrets = {name: getattr(self, name) for name in ("token", "client_id", "client_secret")}
        told = {name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None}
        return super().options() | {"instance_url": self.instance_url, "object_type": self.object_type} | told


KINDS: dict[str, type[Any]] = {
    "sql": SqlDestination,
    "tryton": TrytonDestination,
    "hubspot": HubspotDestination,
    "salesforce": SalesforceDestination,
}
