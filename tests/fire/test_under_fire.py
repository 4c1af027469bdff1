"""A sender killed, replies lost, schedules overlapping: the CRM holds what was wanted, once, at a bounded price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestration.destinations.base import FIELDS
from orchestration.destinations.sql_values import from_column
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.tryton_system import TrytonSystem
from tests.fire.proof import BATCH, Figures, Ground, prove
from tests.fire.proxy import Proxy, postgresql_call, tryton_call
from tests.tryton.server import KEY, Tryton

SHARE = 0.2
# Each write of a record, as the database itself saw it.
_HISTORY = (
    "create table history (lead_id text, sequence bigint)",
    "create function keep() returns trigger language plpgsql as $$ begin "
    "insert into history values (new.lead_id, new.handoff_sequence); return new; end $$",
    "create trigger keeping after update on leads for each row execute function keep()",
)


def _held(engine: sa.Engine, table: str, key: str) -> dict[str, dict[str, str | None]]:
    reflected = sa.Table(table, sa.MetaData(), autoload_with=engine)
    columns = [reflected.c[name] for name in FIELDS]
    with engine.connect() as connection:
        return {
            row[0]: {c.name: from_column(value, FIELDS[c.name]) for c, value in zip(columns, row[1:], strict=True)}
            for row in connection.execute(sa.select(reflected.c[key], *columns))
        }


@contextmanager
def postgresql_ground(url: str, leads: list[str]) -> Iterator[Ground]:
    """A table of leads behind the proxy."""
    system = SqlSystem("postgresql", url)
    with closing(system):
        system.make(leads)
        system.execute(*_HISTORY)
        parts = sa.make_url(url)
        proxy = Proxy(Path(str(parts.query["host"])) / ".s.PGSQL.5432", postgresql_call, share=SHARE, seed=7)
        through = parts.set(host="127.0.0.1", port=proxy.port, query={"sslmode": "disable", "gssencmode": "disable"})
        options = {
            **{"name": "crm", "source": "clinic", "url": through.render_as_string(hide_password=False)},
            **{"table": "leads", "key": "lead_id", "batch_size": BATCH},
        }
        engine = sa.create_engine(url)
        with closing(proxy):
            yield Ground(
                "postgresql",
                options,
                proxy,
                lambda: _held(engine, "leads", "lead_id"),
                lambda: _times(engine, "select lead_id, sequence, count(*) from history group by 1, 2"),
            )
        engine.dispose()


@contextmanager
def tryton_ground(tryton: Tryton, leads: list[str]) -> Iterator[Ground]:
    """Opportunities behind the proxy. Tryton's own history table tells which writes were applied."""
    engine = sa.create_engine(tryton.postgres_url)
    with closing(TrytonSystem(tryton)) as system:
        system.make(leads[:1])
        clear = "delete from sale_opportunity__history"
        copied = "company, currency, start_date, conversion_probability, state"
        more = (
            f"insert into sale_opportunity (reference, number, {copied}) select l, l, {copied} "
            "from sale_opportunity, unnest(cast(:leads as text[])) as l"
        )
        with engine.begin() as connection:
            connection.execute(sa.text(more), {"leads": leads[1:]})
            connection.execute(sa.text(clear))
        port = int(tryton.url.rsplit(":", 1)[1])
        proxy = Proxy(("127.0.0.1", port), tryton_call, share=SHARE, seed=7)
        options = {
            **{"name": "crm", "source": "clinic", "url": f"http://127.0.0.1:{proxy.port}", "token": KEY},
            **{"database": tryton.database, "batch_size": BATCH},
        }
        history = "select reference, handoff_sequence, count(*) from sale_opportunity__history group by 1, 2"
        with closing(proxy):
            yield Ground(
                "tryton",
                options,
                proxy,
                lambda: _held(engine, "sale_opportunity", "reference"),
                lambda: _times(engine, history),
            )
    engine.dispose()


def _times(engine: sa.Engine, query: str) -> dict[tuple[str, int], int]:
    with engine.connect() as connection:
        return {(lead_id, sequence): times for lead_id, sequence, times in connection.execute(sa.text(query))}


def judge(figures: Figures, name: str, *, kills: int) -> None:
    """The promise."""
    print(f"\n{figures.told(name)}")
    assert (figures.lost, figures.duplicate, figures.wrong) == (0, 0, 0)
    assert figures.kills >= kills and figures.overlaps > 0 and figures.dropped > 0
    assert figures.calls <= figures.allowed


def test_postgresql_under_a_little_fire(postgres_database_url, tmp_path):
    leads = [f"lead-{n:05}" for n in range(1_500)]
    with postgresql_ground(postgres_database_url, leads) as ground:
        figures = prove(ground, leads, tmp_path / "outbox.sqlite", waves=[1.0, 0.4], kills=4, span=0.3)
    judge(figures, "PostgreSQL", kills=4)


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
def test_postgresql_under_fire(postgres_database_url, tmp_path):
    leads = [f"lead-{n:05}" for n in range(10_000)]
    with postgresql_ground(postgres_database_url, leads) as ground:
        figures = prove(ground, leads, tmp_path / "outbox.sqlite", waves=[1.0, 0.5, 0.5], kills=60, span=0.3)
    judge(figures, "PostgreSQL", kills=50)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_tryton_under_fire(tryton, tmp_path):
    leads = [f"lead-{n:05}" for n in range(10_000)]
    with tryton_ground(tryton, leads) as ground:
        figures = prove(ground, leads, tmp_path / "outbox.sqlite", waves=[1.0, 0.3], kills=60, span=2.0)
    judge(figures, "Tryton", kills=50)
