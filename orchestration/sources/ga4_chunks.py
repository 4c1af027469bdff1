"""What the readers of GA4's files share: a chunk of events, and which columns are whose.

NDJSON is read by `ga4_lines.py`, Parquet and the choice between them are `ga4_files.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from orchestration.lake.extract import Extract
from orchestration.lake.rows import ECHO_PREFIX, BadRow
from orchestration.lake.sniff import refuse
from orchestration.sources.ga4_sql import EVENT, PASSED_OVER, REQUIRED


@dataclass(frozen=True)
class Chunk:
    """Some events of one file, in order; `file_no` counts the files from 0.

    `extras`: columns nobody declared, as text; `bad`: lines that are no event.
    """

    file_no: int
    events: pa.Table = field(repr=False)
    extras: Mapping[str, pa.Array] = field(default_factory=dict, repr=False)
    bad: tuple[BadRow, ...] = ()

    @property
    def rows(self) -> int:
        """Events, and lines that are none."""
        return int(self.events.num_rows) + len(self.bad)


def is_unknown(name: str) -> bool:
    """Whether nobody declared such a column of an export; our own `handoff_*` are none."""
    return name not in EVENT and name not in PASSED_OVER and not name.lower().startswith(ECHO_PREFIX)


def refuse_if_lacking(file: Extract, names: Iterable[str]) -> None:
    """Raise FileRefused unless the file has the columns every event has."""
    given = set(names)
    if missing := [name for name in REQUIRED if name not in given]:
        refuse(file, "missing_column", f"it lacks {', '.join(missing)}, which every event has: export it with them")
