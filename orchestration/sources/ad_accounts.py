"""Which advertising accounts have a currency and a time zone: by the registry, or by what their own history says.

Account histories are small files; they are read here as landing reads them, so that a report of an account nobody
knows is told apart at the door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from orchestration.lake.extract import Extract
from orchestration.lake.opening import open_rows
from orchestration.lake.refusal import FileRefused
from orchestration.lake.zones import zone_names
from orchestration.sources.registry_ads import AdsSource

ACCOUNTS = "account_history"
_CURRENCY = re.compile(r"[A-Z]{3}")
_ACCOUNT = re.compile(r"\d{1,20}")


def known_accounts(source: AdsSource, histories: Sequence[Extract]) -> frozenset[str] | None:
    """Accounts whose currency and time zone are both known; None where the source's own hold for every account."""
    if source.currency is not None and source.timezone is not None:
        return None
    said = _said(source, histories)
    if source.currency is not None:
        return frozenset(said.zones)
    return frozenset(said.currencies if source.timezone is not None else said.currencies & said.zones)


def accounts_lacking(source: AdsSource, histories: Sequence[Extract]) -> dict[str, list[str]]:
    """Accounts the registry or a history names and of which nobody says their `currency`, or their `timezone`.

    Only what is a number can be an account; no other cell is ever told.
    """
    said = _said(source, histories)
    lacking: dict[str, list[str]] = {}
    for setting, own, having in (
        ("currency", source.currency, said.currencies),
        ("timezone", source.timezone, said.zones),
    ):
        found = sorted(account for account in said.named - having if _ACCOUNT.fullmatch(account))
        if own is None and found:
            lacking[setting] = found
    return lacking


@dataclass
class _Said:
    """Accounts that are named at all, and those whose currency, and time zone, are said."""

    named: set[str]
    currencies: set[str]
    zones: set[str]


def _said(source: AdsSource, histories: Sequence[Extract]) -> _Said:
    told = _Said(
        set(source.accounts),
        {account for account, said in source.accounts.items() if said.currency is not None},
        {account for account, said in source.accounts.items() if said.timezone is not None},
    )
    for account, currency, zone in _told(histories):
        told.named.add(account)
        if _CURRENCY.fullmatch(currency or ""):
            told.currencies.add(account)
        if zone in zone_names():
            told.zones.add(account)
    return told


def _told(histories: Sequence[Extract]) -> Iterator[tuple[str, str | None, str | None]]:
    """(account, currency, time zone) of every row; a file that cannot be read is landing's to refuse."""
    for extract in histories:
        wanted = [
            next(column.name for column in extract.spec.columns if column.landed == landed)
            for landed in ("account_id", "currency", "timezone")
        ]
        try:
            _, blocks = open_rows(extract)
            for block in blocks:
                account, currency, zone = (_cells(block.table, name) for name in wanted)
                for row in zip(account, currency, zone, strict=True):
                    if row[0] is not None:
                        yield row[0], row[1], row[2]
        except (FileRefused, OSError):
            continue


def _cells(table: pa.Table, name: str) -> list[str | None]:
    found: list[str | None] = table.column(name).to_pylist() if name in table.column_names else [None] * table.num_rows
    return found
