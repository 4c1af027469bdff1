"""Files that are not what they are named: refused by name with what they are, while the rest of the source lands."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.sources.registry import load_registry
from tests.contract.connectors.homes import LandingHome, counts

HEADER = b"team_id,name\n"


def spreadsheet() -> bytes:
    """The beginning of what an .xlsx file is."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


def cut_parquet() -> bytes:
    """A Parquet file without its end."""
    stream = BytesIO()
    pq.write_table(pa.table({"team_id": [f"T{n}" for n in range(1000)]}), stream)
    return stream.getvalue()[:-200]


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a Git-LFS pointer": ("csv", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n", "lfs"),
    "an HTML page": ("csv", lambda: b"<!DOCTYPE html>\n<html><body>Please sign in</body></html>\n", "html"),
    "a spreadsheet": ("csv", spreadsheet, "spreadsheet"),
    "a cut-off Parquet file": ("parquet", cut_parquet, "parquet"),
    "CSV named Parquet": ("parquet", lambda: HEADER + b"T1,East\n", "parquet"),
    "cut-off gzip": ("csv.gz", lambda: gzip.compress(HEADER + b"T1,East\n" * 9999)[:-40], "gz"),
    "no header": ("csv", lambda: b"T1,East\nT2,West\n", "header"),
    "no bytes": ("csv", lambda: b"", "empty"),
    "random bytes": ("csv", lambda: bytes(range(256)) * 40, ""),
    "one JSON array": ("ndjson", lambda: b'[\n{"team_id": "T1"},\n{"team_id": "T2"}\n]\n', ""),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_something_else_is_refused_and_the_rest_lands(
    home: LandingHome, tmp_path: Path, what: str
) -> None:
    suffix, content, word = BAD[what]
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / f"teams.{suffix}").write_bytes(content())
    (tmp_path / "export" / "service_lines.csv").write_text("service_line,name\northo,Orthopaedics\n")
    (tmp_path / "sources.yaml").write_text(
        "sources:\n  clinic: {connector: contract_files, path: export, timezone: UTC}\n"
    )
    landed = home.land(load_registry(tmp_path / "sources.yaml", environ={}).sources["clinic"])
    (fault,) = landed.faults
    assert (fault.object, fault.origin, fault.is_notice) == ("teams", f"teams.{suffix}", False)
    assert word in fault.message.lower() and "East" not in fault.message
    assert counts(landed) == (1, 1, 0, 0)
