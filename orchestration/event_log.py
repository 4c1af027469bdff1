"""Dagster's record of events in SQLite files, as Dagster keeps it, over connections that stay open.

Dagster opens and closes an engine for each statement; a run here has some two thousand events, which made that the
largest part of a run's time. Nothing else differs, so either class reads what the other wrote.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy.engine import Connection, Engine

_BUSY_SECONDS = 60


class PooledEventLog(SqliteEventLogStorage):
    """`SqliteEventLogStorage` with one engine a file for the life of the process."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PooledEventLog":
        """As Dagster makes it from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = sa.create_engine(
                    self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS}
                )
            engine = self._engines[shard]
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Close every file, then what Dagster itself holds."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()
