"""Somebody who reads what a home publishes, over and over, while runs publish anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from tests.integration.harness import Home


class Reader(threading.Thread):
    """Reads the publication over and over: each reading resolves the link once and must be of one version."""

    def __init__(self, home: Home) -> None:
        super().__init__(daemon=True)
        self.home = home
        self.stop = threading.Event()
        self.seen: list[str] = []
        self.faults: list[str] = []

    def run(self) -> None:
        # A reader every twentieth of a second, not one that takes a core from the run it watches.
        while not self.stop.wait(0.05):
            try:
                self.read()
            except Exception as error:
                self.faults.append(f"{type(error).__name__}: {error}")

    def read(self) -> None:
        """One reading: what the manifest says of a table is what the table holds."""
        folder = (self.home.path / "published" / "current").resolve()
        manifest = json.loads((folder / "manifest.json").read_text())
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
            for table in ("fct_lead_lifecycles", "fct_touches"):
                count = connection.execute(f"select count(*) from marts.{table}").fetchone()
                if count != (manifest["derived"][table]["rows"],):
                    self.faults.append(f"{table} of another version")
        self.seen.append(manifest["as_of"])


@contextmanager
def reading(home: Home) -> Iterator[Reader]:
    """A reader of this home for as long as the block lasts."""
    reader = Reader(home)
    reader.start()
    try:
        yield reader
    finally:
        reader.stop.set()
        reader.join(timeout=60)
