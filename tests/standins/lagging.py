"""Reads that lag behind writes, as those of systems with replicas or a search index do."""

from __future__ import annotations

from typing import Any


class Lagging:
    """What reads still see of records written lately. `lag` is how many reads see each as it was before."""

    lag: int
    _before: dict[str, tuple[int, dict[str, Any]]]

    def settle(self, record_id: str) -> None:
        """Time passes: reads of this record lag no longer."""
        self._before.pop(record_id, None)

    def keep_before_write(self, record_id: str, values: dict[str, Any]) -> None:
        """Remember a record as it is, before it is written."""
        if self.lag:
            self._before[record_id] = (self.lag, dict(values))

    def seen_by_read(self, record_id: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values a read sees."""
        left, old = self._before.get(record_id, (0, values))
        if not left:
            return values
        self._before[record_id] = (left - 1, old)
        return old
