"""One writer, many readers: a publication appears whole or not at all, and a second writer goes away."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

import duckdb
import pytest

from tests.integration.clinic_export import AS_OF, write_clinic, write_rows
from tests.integration.harness import Home, start


@dataclass(frozen=True)
class Clinic(Home):
    """A tiny clinic whose home two runs were started on at one moment, and what these left with."""

    exit_codes: tuple[int, ...] = ()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    """A tiny clinic, run once, though twice started."""
    base = tmp_path_factory.mktemp("readers")
    home = Home(base / "home", write_clinic(base / "clinic"))
    processes = [start(*home.arguments(AS_OF)) for _ in range(2)]
    codes = [(process.communicate(timeout=600)[0], process.returncode)[1] for process in processes]
    return Clinic(home.path, home.sources, exit_codes=tuple(sorted(codes)))


def test_of_two_runs_started_together_one_works_and_one_leaves_with_75(clinic: Clinic) -> None:
    assert clinic.exit_codes == (0, 75)
    assert clinic.one("select count(*) from fct_lead_lifecycles") == 10


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


def test_a_reader_sees_no_error_and_no_mixed_version(clinic: Home) -> None:
    reader = Reader(clinic)
    reader.start()
    try:
        for day in (2, 3):
            add_lead(clinic, day)
            clinic.run(f"2026-03-0{day}T00:00:00Z")
    finally:
        reader.stop.set()
        reader.join(timeout=60)
    assert reader.faults == [] and len(set(reader.seen)) >= 2


def add_lead(home: Home, day: int) -> None:
    """One more lead with one touch arrives in the export."""
    export = home.sources.parent / "export"
    when = f"2026-03-0{day - 1}T12:00:00Z"
    (export / "leads").mkdir(exist_ok=True)
    if (export / "leads.csv").exists():
        (export / "leads.csv").rename(export / "leads" / "2026-03-01.csv")
        (export / "touches").mkdir()
        (export / "touches.csv").rename(export / "touches" / "2026-03-01.csv")
    write_rows(export / "leads" / f"2026-03-0{day}.csv", [{"lead_id": f"N{day}", "created_at": when}])
    write_rows(
        export / "touches" / f"2026-03-0{day}.csv",
        [{"touch_id": f"N{day}", "lead_id": f"N{day}", "occurred_at": when, "signal": "form_submit"}],
    )


def test_a_moment_in_the_future_and_a_missing_registry_are_wrong_calls(clinic: Home) -> None:
    assert "future" in clinic.run("2199-01-01T00:00:00Z", expect=2)
    Home(clinic.path, clinic.sources.parent / "no.yaml").run(AS_OF, expect=2)
