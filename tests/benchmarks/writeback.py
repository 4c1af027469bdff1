"""What proved writes cost beside a bare bulk update of the same rows, in one run: `make bench-writeback`.

The bare way is what a database engineer would write by hand: COPY into a temporary table and one update joined to it,
nothing guarded, answered for, read back or remembered. Beside it stand our client alone, and a whole delivery: outbox,
guards, an answer each, read-back, receipts. Times are CPU seconds of both sides, server and client.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import sqlalchemy as sa

from orchestration.destinations.base import FIELDS
from orchestration.destinations.delivery import deliver
from orchestration.destinations.sql import SqlDestination
from orchestration.destinations.sql_values import copy_line
from orchestration.lake.outbox import Outbox, Wanted, Write
from tests.contract.destinations.systems import PAYLOAD, payload, write_of
from tests.servers import postgres_server


def wanted(leads: list[str], wave: int) -> list[Wanted]:
    """Every lead, with a band of its wave."""
    return [Wanted(lead, f"key of {lead}", "clinic", {**PAYLOAD, "handoff_band": f"wave {wave}"}) for lead in leads]


def make(url: str, leads: list[str]) -> None:
    """A table of leads with staff's own columns, and ours."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists leads cascade")
        connection.exec_driver_sql("create table leads (lead_id varchar(40) primary key, owner text, note text)")
        rows = [{"lead_id": lead} for lead in leads]
        connection.execute(sa.text("insert into leads (lead_id, owner, note) values (:lead_id, 'ann', 'called')"), rows)
    engine.dispose()
    with closing(client(url)) as destination:
        destination.prepare()


def client(url: str) -> SqlDestination:
    """Ours."""
    return SqlDestination(name="crm", source="clinic", url=url, table="leads", key="lead_id")


def bare(url: str, leads: list[str], wave: int) -> None:
    """By hand."""
    columns = ", ".join(FIELDS)
    texts = payload(handoff_band=f"wave {wave}")
    lines = "".join(
        copy_line([lead, *(texts.get(name) for name in FIELDS if name != "handoff_sequence"), str(1 + n)])
        for n, lead in enumerate(leads)
    )
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"create temp table t on commit drop as select lead_id, {columns} from leads where false")
        cursor.copy_expert("copy t from stdin", io.StringIO(lines))
        sets = ", ".join(f"{name} = t.{name}" for name in FIELDS)
        cursor.execute(f"update leads set {sets} from t where leads.lead_id = t.lead_id")
        assert cursor.rowcount == len(leads)
    engine.dispose()


def ours(url: str, batches: list[list[Write]]) -> None:
    """Our client alone: guarded, an answer each."""
    with closing(client(url)) as destination:
        for batch in batches:
            outcomes = {answer.outcome for answer in destination.write(batch).values()}
            assert outcomes == {"acknowledged"}, outcomes


def batches_of(leads: list[str], wave: int, *, size: int = 5_000) -> list[list[Write]]:
    """Writes of one wave, as the outbox gives them."""
    expected = payload(handoff_band=f"wave {wave - 1}") if wave % 3 else None
    writes = [
        write_of(lead, wave * len(leads) + n, expected=expected, handoff_band=f"wave {wave}")
        for n, lead in enumerate(leads, 1)
    ]
    return [writes[start : start + size] for start in range(0, len(writes), size)]


def whole(url: str, outbox: Outbox) -> None:
    """A delivery of what is queued."""
    with closing(client(url)) as destination:
        counts = deliver(outbox, destination)
    assert set(counts) == {"verified"}, counts


class Meter:
    """Wall and CPU seconds of this process and of the database server behind that URL."""

    def __init__(self, url: str) -> None:
        folder = Path(str(sa.make_url(url).query["host"]))
        self._server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))

    def spent(self, run: Callable[[], object]) -> tuple[float, float]:
        """While `run` runs."""
        before, began = self._cpu(), time.perf_counter()
        run()
        return time.perf_counter() - began, self._cpu() - before

    def _cpu(self) -> float:
        """The server's ended workers count with their parent."""
        times = []
        for each in (psutil.Process(), self._server, *self._server.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                times.append(each.cpu_times())
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    told = parser.parse_args()
    leads = [f"lead-{n:07}" for n in range(told.leads)]
    rows: dict[str, list[tuple[float, float]]] = {"bare": [], "client": [], "delivery": [], "unchanged": []}
    with postgres_server() as url, tempfile.TemporaryDirectory() as folder:
        spent = Meter(url).spent
        for pair in range(told.pairs):
            wave = 3 * pair
            make(url, leads)
            bare(url, leads, wave)  # every way meets a table that was written once
            rows["bare"].append(spent(lambda w=wave: bare(url, leads, w + 1)))
            make(url, leads)
            ours(url, batches_of(leads, wave))
            changed = batches_of(leads, wave + 1)
            rows["client"].append(spent(lambda b=changed: ours(url, b)))
            make(url, leads)
            with closing(Outbox(Path(folder) / f"{pair}.sqlite")) as outbox:
                outbox.queue("crm", wanted(leads, wave))
                whole(url, outbox)
                outbox.queue("crm", wanted(leads, wave + 1))
                rows["delivery"].append(spent(lambda o=outbox: whole(url, o)))
                same = wanted(leads, wave + 1)
                rows["unchanged"].append(spent(lambda o=outbox, s=same: (o.queue("crm", s), whole(url, o))))
    medians = {
        name: [statistics.median(span[side] for span in spans) for side in (0, 1)] for name, spans in rows.items()
    }
    for name, (wall, cpu) in medians.items():
        ratios = [base / own for base, own in zip(medians["bare"], (wall, cpu), strict=True)]
        print(
            f"{name:10} {wall:6.2f} s {cpu:6.2f} CPU s {len(leads) / wall:9,.0f} rows/s; "
            f"of bare: {ratios[0]:.2f} by wall, {ratios[1]:.2f} by CPU"
        )


if __name__ == "__main__":
    main()
