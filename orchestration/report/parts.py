"""What a page is made of: cards, sections, figures and the tables behind them. Text and SVG only, no frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pandas as pd

from orchestration.report.words import Names

Frames = Mapping[str, pd.DataFrame]
Row = dict[str, Any]
Rows = tuple[tuple[str, ...], ...]


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame, each by its columns' names."""
    return cast("list[Row]", frame.to_dict("records"))


@dataclass(frozen=True)
class Read:
    """The part of one published table a section reads: its columns, of the rows where each named column has one of
    the values.
    """

    table: str
    columns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What is the same for every section of one page. `as_of` is naive UTC; `table_as_of` that of each table, which is
    older where a run failed to build it.
    """

    as_of: datetime
    names: Names = Names()
    versions: Mapping[str, str] = field(default_factory=dict)
    stale_sources: tuple[str, ...] = ()
    stale_tables: tuple[str, ...] = ()
    table_as_of: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table with its caption. The first column names its rows; from column `numeric_from` on cells are numbers."""

    caption: str
    header: tuple[str, ...]
    rows: Rows
    numeric_from: int = 1


@dataclass(frozen=True)
class Panel:
    """One picture of a figure: inline SVG, its title, and the words for who does not see it."""

    title: str
    svg: str
    alt: str


@dataclass(frozen=True)
class Figure:
    """Pictures side by side, and the table with a row for every mark in them."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    table: Table


@dataclass(frozen=True)
class Card:
    """One answer on the first screen. `beside` is what must not be judged by; `lines` a small list in place of one
    number.
    """

    title: str
    number: str
    what: str
    rests_on: tuple[str, ...] = ()
    interval: str = ""
    strip: str = ""
    beside: str = ""
    table: Table | None = None


@dataclass(frozen=True)
class Section:
    """One question, what the data say to it, and what they do not say."""

    key: str
    title: str
    says: tuple[str, ...] = ()
    beware: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    card: Card | None = None
