"""A world's pieces on their way to disk: set aside by the month in which they are delivered, taken up month by month.

Pieces come block by block, each over many months; systems are filled in the order of time. Between the two only one
month is in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather

from models_ml.world.build import Tables, finish
from models_ml.world.clock import stamps
from orchestration.demo.mess import Mess


class Spill:
    """A scratch folder of pieces; it is gone when the `with` block ends."""

    def __init__(self, folder: Path, mess: Mess | None = None) -> None:
        self._folder, self._mess = folder, mess
        self._count = 0

    def __enter__(self) -> Spill:
        # What a killed build left behind is nobody's.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Set pieces aside: contract tables with micros `known`, in no order."""
        for name, frame in tables.items():
            self._count += 1
            months = self._months(name, frame)
            for month in months.unique():
                part = pa.Table.from_pandas(frame[(months == month).to_numpy()], preserve_index=False)
                place = self._folder / str(month)
                place.mkdir(exist_ok=True)
                feather.write_feather(part, place / f"{name}.{self._count:06d}", compression="uncompressed")

    def _months(self, name: str, frame: pd.DataFrame) -> pd.Series:
        moments = stamps(frame["known"].to_numpy())
        if self._mess is not None:
            moments = self._mess.delivered_at(name, frame.reset_index(drop=True).assign(known_at=moments))
        months: pd.Series = moments.dt.strftime("%Y-%m")
        return months

    def months(self) -> list[str]:
        """Months there are pieces of, in order."""
        return sorted(path.name for path in self._folder.iterdir())

    def take(self, month: str) -> Tables:
        """The tables of a month, rows in the order they became known, with `known_at`."""
        pieces: dict[str, list[pd.DataFrame]] = {}
        for path in sorted((self._folder / month).iterdir()):
            pieces.setdefault(path.name.split(".")[0], []).append(feather.read_table(path).to_pandas())
        return {name: finish(pd.concat(frames, ignore_index=True)) for name, frames in pieces.items()}
