"""What files and databases do to good rows in the `hostile` scenario: cells nobody can read, and rows out of order.

Late, repeated and corrected rows are the world's (`models_ml.world.scenario`). Here are dialects of nothing, local
times without offset, codes nobody declared, columns that come or change their name, rows delivered after younger ones.
Every choice is drawn at the row's own address, so a day's bytes depend on that day's rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.world.draws import Draws, Ints
from models_ml.world.scenario import ROW_KEYS, addresses

Cells = dict[str, list[str | None]]
ZONE = "America/Chicago"
NULL_TOKENS = ("NULL", "N/A", "-", "\\N")
# Times without offset, as some exports have them: the source's zone is said in the registry.
NAIVE_TIMES = {"touches": "occurred_at", "work_events": "occurred_at"}
# One cell in a few hundred is unreadable, or of a code nobody declared.
BROKEN_SHARE = 0.004
BROKEN_CELLS = {
    "touches": ("occurred_at", "31.02.2026 9 Uhr"),
    "work_events": ("occurred_at", "see note"),
    "stage_events": ("entered_at", "0000-00-00 00:00"),
    "appointments": ("status", "TENTATIVE"),
    "identities": ("id_type", "hashed_email"),
    "spend": ("cost", "1.234,50"),
}
# From these periods on, exports have one more column, and one under another name.
NEW_COLUMN, NEW_COLUMN_FROM = "device_class", "2026-02"
RENAMED, RENAMED_TO, RENAMED_FROM = "offer_id", "offer", "2026-04"
_HELD_SHARE, _HELD_HOURS = 0.03, 36
HELD_TABLES = ("touches", "identities", "ad_clicks", "spend")


@dataclass(frozen=True)
class Mess:
    """The mess of one world; `seed` is the world's."""

    seed: int

    @property
    def _draws(self) -> Draws:
        return Draws(self.seed, "mess")

    def delivered_at(self, table: str, frame: pd.DataFrame) -> pd.Series:
        """When each row is delivered (aware): when known, but a few of the web's a day later, after younger ones."""
        if table not in HELD_TABLES or frame.empty:
            return frame["known_at"]
        place = addresses(table, frame, "known_at")
        held = self._draws.chance("held", _HELD_SHARE, *place)
        hours = np.where(held, 1 + self._draws.below("held_for", _HELD_HOURS, *place), 0)
        delivered: pd.Series = frame["known_at"] + pd.to_timedelta(hours, unit="h")
        return delivered

    def shuffled(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows in no order of time."""
        if table not in ROW_KEYS:
            return frame
        point = self._draws.bits("order", *addresses(table, frame, "known_at"))
        return frame.iloc[np.argsort(point, kind="stable")].reset_index(drop=True)

    def is_broken(self, table: str, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Which rows have a cell that cannot be read."""
        if table not in BROKEN_CELLS:
            return np.zeros(len(frame), dtype=np.bool_)
        return self._draws.chance("broken|" + table, BROKEN_SHARE, *addresses(table, frame, "known_at"))

    def spoil(self, table: str, frame: pd.DataFrame, cells: Cells) -> Cells:
        """The cells of the frame's rows (by the contract's column names) as this system writes them."""
        if table not in ROW_KEYS:
            return cells
        place = addresses(table, frame, "known_at")
        spoilt = {name: self._nothing(name, values, place) for name, values in cells.items()}
        naive = NAIVE_TIMES.get(table)
        if naive:
            spoilt[naive] = local_texts(frame[naive])
        if table in BROKEN_CELLS:
            column, text = BROKEN_CELLS[table]
            broken = self.is_broken(table, frame)
            spoilt[column] = [text if is_bad else cell for cell, is_bad in zip(spoilt[column], broken, strict=True)]
        return spoilt

    def drift(self, table: str, period: str, frame: pd.DataFrame, cells: Cells) -> Cells:
        """The cells of a file of that period (`2026-05` or `2026-05-17`), with the columns it then has."""
        if table != "touches":
            return cells
        drifted = {RENAMED_TO if name == RENAMED and period[:7] >= RENAMED_FROM else name: values
                   for name, values in cells.items()}  # fmt: skip
        if period[:7] >= NEW_COLUMN_FROM:
            kind = self._draws.below("device", 3, *addresses(table, frame, "known_at"))
            drifted[NEW_COLUMN] = [("phone", "tablet", "desktop")[one] for one in kind.tolist()]
        return drifted

    def _nothing(self, column: str, values: list[str | None], place: tuple[Ints, ...]) -> list[str | None]:
        """Where a cell is empty, one of the dialects of nothing."""
        tongue = self._draws.below("nothing|" + column, len(NULL_TOKENS) + 1, *place).tolist()
        dialects = (None, *NULL_TOKENS)
        return [dialects[one] if cell is None else cell for cell, one in zip(values, tongue, strict=True)]


def local_texts(times: pd.Series) -> list[str | None]:
    """Aware times as naive local text; the hour that comes twice in autumn cannot be told from the first."""
    local = times.dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d %H:%M:%S")
    return [None if pd.isna(text) else str(text) for text in local]
