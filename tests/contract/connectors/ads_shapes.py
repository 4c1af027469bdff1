"""Deliveries of advertising reports in every format: the same rows as CSV, packed CSV, NDJSON and Parquet."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.sources.registry import Registry, load_registry
from tests.contract.connectors.shapes import csv_text

Cell = str | int | float | None
ROOT = Path(__file__).resolve().parents[3]
EXPORTS = ROOT.parent / "shared" / "data" / "platform_exports"
ACCOUNT, OTHER = "2121450128", "9990001112"
GOOGLE = ("customer_id", "date", "id", "device", "cost_micros", "impressions", "clicks")
META = ("ad_id", "date", "account_id", "impressions", "inline_link_clicks", "spend")


def _as_text(row: Mapping[str, Cell]) -> dict[str, str | None]:
    return {name: None if cell is None else str(cell) for name, cell in row.items()}


def _csv(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    return csv_text([_as_text(row) for row in rows], columns).encode()


def _ndjson(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    return "".join(json.dumps({name: row.get(name) for name in columns}) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: pa.array([row.get(name) for row in rows]) for name in columns}), sink)
    return bytes(sink.getvalue().to_pybytes())


FORMATS: dict[str, Callable[[Sequence[Mapping[str, Cell]], Sequence[str]], bytes]] = {
    "csv": _csv,
    "csv.gz": lambda rows, columns: gzip.compress(_csv(rows, columns), mtime=0),
    "ndjson": _ndjson,
    "parquet": _parquet,
}


def stat(campaign: str = "344", day: str = "2026-01-10", cost: int = 1_250_000, **cells: Cell) -> dict[str, Cell]:
    """A row of campaign_stats; the platform's numbers are numbers where the format has them."""
    own = {"customer_id": ACCOUNT, "date": day, "id": campaign, "device": "MOBILE", "cost_micros": cost}
    return {**own, "impressions": 100, "clicks": 3, **cells}


def insight(ad: str = "77", day: str = "2026-01-10", spend: str = "12.34", **cells: Cell) -> dict[str, Cell]:
    """A row of basic_ad."""
    own = {"ad_id": ad, "date": day, "account_id": ACCOUNT, "spend": spend}
    return {**own, "impressions": 50, "inline_link_clicks": 2, **cells}


class Deliveries:
    """A folder of one connector's files, and the registry that reads it."""

    def __init__(self, place: Path, connector: str = "google_ads", **settings: Any) -> None:
        self.place = place
        self.settings = {"connector": connector, "path": "export", "timezone": "America/Chicago", **settings}
        (place / "export").mkdir(parents=True)

    def put(self, name: str, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str], suffix: str = "csv") -> Path:
        """Write `export/<name>.<suffix>`; a name may hold a folder."""
        path = self.place / "export" / f"{name}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FORMATS[suffix](rows, columns))
        return path

    def registry(self, **settings: Any) -> Registry:
        """The registry with one source, `ads`."""
        file = self.place / "sources.yaml"
        file.write_text(json.dumps({"sources": {"ads": {**self.settings, **settings}}}), encoding="utf-8")
        return load_registry(file, environ={})


def total(values: Sequence[Decimal]) -> Decimal:
    """An exact sum."""
    return sum(values, Decimal(0))
