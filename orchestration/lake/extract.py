"""What a connector hands to landing: rows still as the source gives them, and the rules they must meet.

Connectors (`orchestration.sources`) build an `Extract`; `landing.land` checks and lands it. Nothing here reads or
writes; a connector's own settings stay in the connector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa

from orchestration.lake.contract import Door, Type
from orchestration.lake.rows import RowBlock

Format = Literal["csv", "ndjson", "parquet"]


@dataclass(frozen=True)
class ColumnSpec:
    """One declared column: the source's name for it, its name past the door, and what a cell must be.

    `formats` are strptime formats for dates and timestamps; empty means ISO 8601. `required` quarantines a row whose
    cell is empty; `optional` allows the whole column to be absent from a file. `not_allowed` is the reason told where
    a cell is none of the `allowed`. `digits`: an id of digits alone; one that went through a spreadsheet as a number
    is quarantined. `token_kind` says whose tokens a token must be equal to, where the landed name does not.
    """

    name: str
    landed: str | None
    type: Type = "text"
    required: bool = False
    optional: bool = False
    door: Door = "pass"
    allowed: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    not_allowed: str = "unknown_value"
    digits: bool = False
    token_kind: str | None = None


@dataclass(frozen=True)
class ObjectSpec:
    """One object of a source: where it lands (`lake/landed/<folder>/<name>`), its columns, key and clocks.

    `key`, `event_time`, `known_at` and `cursor` are the source's column names. `entity` is the contract table whose
    own rules apply (stage labels, attribute values, an appointment's outcome), None for a source's own objects.
    `one_of` are columns of which at least one must be filled. `is_whole`: a file says all of a key in one row, so two
    rows of one key that differ are no versions of each other, and the file is refused.
    """

    folder: str
    name: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    event_time: str | None = None
    known_at: str | None = None
    cursor: str | None = None
    entity: str | None = None
    is_reference: bool = False
    one_of: tuple[str, ...] = ()
    is_whole: bool = False


@dataclass(frozen=True)
class SourceRules:
    """What the registry says of a source and landing needs to know. `timezone` None: naive times are refused."""

    source: str
    id_space: str
    timezone: str | None = None
    null_tokens: frozenset[str] = frozenset()
    delivery_lag: timedelta = timedelta(0)
    identifiers: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    stages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Restates:
    """Which whole days an extract says everything of: what landed of them before and is not in it is withdrawn.

    `day` is the source's column (of type date) that says which day a row is of; `within` further columns that a day
    is complete for together with it (an account: the days of others are not spoken of). Spoken of are the days its
    rows hold; with `last_days`, all of that many up to the last of them, for each `within` that occurs; with `days`,
    these and no others, be the extract empty.
    """

    day: str
    within: tuple[str, ...] = ()
    days: tuple[date, ...] | None = None
    last_days: int = 0


@dataclass(frozen=True)
class Extract:
    """Rows of one object from one place: a file, or batches of text columns read from a system.

    `origin` is what messages and the accounting call it (a file's name within the source, a table's name): never a
    value of a row. With `path`, `format` and `header` say how the file is read; with `batches`, calling it streams
    record batches whose columns are all text and named as in `spec`. `cursor_from` is the cursor the read started at.
    Of records, `renamed` translates a column's codes (the source's → ours), `constants` gives columns one value.

    A connector whose files have a shape of their own brings its `reader` (names and blocks of rows, read in a thread
    of its own); `parts` are then the files of one delivery, read together. A delivery that `restates` days is known
    by `delivery` (default: its origin): brought again with other bytes, or by a connector that now reads it in
    another way (`reading`), it is landed again. `joined` are the deliveries of an extract that is several of them
    (`joining.py`), in their order: its `parts` are all their files, its `reader` tells them apart.
    """

    rules: SourceRules
    spec: ObjectSpec
    origin: str
    path: Path | None = None
    format: Format = "csv"
    header: tuple[str, ...] = ()
    batches: Callable[[], Iterator[pa.RecordBatch]] | None = None
    cursor_from: str | None = None
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Path, ...] = ()
    reader: Callable[[Extract], tuple[Sequence[str], Iterator[RowBlock]]] | None = None
    restates: Restates | None = None
    delivery: str | None = None
    reading: str | None = None
    joined: tuple[Extract, ...] = ()

    @property
    def deliveries(self) -> tuple[Extract, ...]:
        """The single deliveries it is made of: itself, where it is one."""
        return self.joined or (self,)

    @property
    def files(self) -> tuple[Path, ...]:
        """Files its rows come from; none for a system."""
        return self.parts or ((self.path,) if self.path is not None else ())

    @property
    def delivery_name(self) -> str:
        """What tells this delivery from others of its object."""
        return self.delivery or self.origin

    def reading_hash(self) -> str:
        """Hash of all that decides how a row is read, wherever it stands: a row that failed may pass under another."""
        told = [asdict(self.rules), asdict(self.spec), self.header, dict(self.renamed), dict(self.constants)]
        text = json.dumps(told, default=lambda each: sorted(each) if isinstance(each, frozenset) else str(each))
        return hashlib.sha256(text.encode()).hexdigest()
