"""What reports of advertising platforms have in common: objects, their columns and keys, as the platforms name them.

An `AdObject` is one report or history. Its columns land under names that staging shares between platforms; those in
`ignored` are well known, help nobody here and are left behind at the door. The objects themselves stand in
`google_ads.py` and `meta_ads.py`; files, accounts and the registry's word on them in `ad_files.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestration.lake.extract import ColumnSpec

Clock = Literal["spend", "ad_clicks"]

# Deliveries write when they synced and when a thing changed without an offset; both are UTC and say only which row is
# the later one.
_MOMENTS = (
    "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S.%f UTC",
    "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)  # fmt: skip


@dataclass(frozen=True)
class AdObject:
    """One report or history of a platform.

    `key` and `day` are the platform's column names. `clock` names the contract table by whose rule a row is known (at
    the end of its day); a history has none. `account` is the column that names the account, `brings_spend` says that
    a registry may take the account's spend from here.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    day: str | None = None
    account: str | None = None
    clock: Clock | None = None
    brings_spend: bool = False
    one_of: tuple[str, ...] = ()


def an_id(name: str, landed: str, *, required: bool = True) -> ColumnSpec:
    """A platform's id: text of digits. One a spreadsheet made a number of (2.1E9, 17.0) is no id any more."""
    return ColumnSpec(name, landed, required=required, optional=not required, digits=True)


def a_label(name: str, landed: str | None = None) -> ColumnSpec:
    """Text that may be absent."""
    return ColumnSpec(name, landed or name, optional=True)


def a_count(name: str, landed: str | None = None) -> ColumnSpec:
    """A whole number that may be absent."""
    return ColumnSpec(name, landed or name, "integer", optional=True)


def a_day(name: str = "date", landed: str = "report_date") -> ColumnSpec:
    """The account's day."""
    return ColumnSpec(name, landed, "date", required=True)


def a_moment(name: str, landed: str, *, required: bool = True) -> ColumnSpec:
    """When a history's row was written."""
    return ColumnSpec(name, landed, "timestamp", required=required, optional=not required, formats=_MOMENTS)


def a_click_id(name: str) -> ColumnSpec:
    """A click id: leaves a token equal to that of a touch with the same click id."""
    return ColumnSpec(name, f"{name}_token", optional=True, door="web_token", token_kind="click")


ROW_ID = a_label("_fivetran_id", "report_row_id")
SYNCED = "_fivetran_synced"
