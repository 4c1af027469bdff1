"""The splitter beside the csv module, and how far one fault reaches."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake import csv_split
from orchestration.lake.csv_rows import read_csv_rows
from orchestration.lake.csv_split import split_rows
from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, SourceRules

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
# The csv module leaves a bare carriage return unquoted where lines end in "\n" only.
_TAME = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
_SPEC = ObjectSpec("f", "o", tuple(ColumnSpec(name, name) for name in ("a", "b", "c")), ("a",))


def _written(rows: list[list[str]], quoting: int, line_end: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode()


def _pieces(data: bytes, size: int, delimiter: bytes = b",") -> list[tuple[bytes, int, bool]]:
    """Rows as the reader meets them: the file in pieces of `size` bytes, what is unfinished carried on."""
    found: list[tuple[bytes, int, bool]] = []
    carried = b""
    for at in range(0, len(data) + size, size):
        buffer = carried + data[at : at + size]
        split = split_rows(buffer, delimiter, is_last=at >= len(data))
        found += [
            (buffer[begin:end], int(fields), bool(wrong))
            for begin, end, fields, wrong in zip(
                split.starts, split.ends, split.fields, split.has_quotes_wrong, strict=True
            )
            if end > begin
        ]
        carried = buffer[split.used :]
    assert not carried
    return found


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(_TAME, min_size=2, max_size=4), min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 40),
    ends=st.booleans(),
)
def test_whole_csv_is_cut_as_the_csv_module_cuts_it(
    rows: list[list[str]], quoting: int, line_end: str, size: int, ends: bool
) -> None:
    data = _written(rows, quoting, line_end)
    data = data if ends else data.removesuffix(line_end.encode())
    found = _pieces(data, size)
    assert [next(csv.reader(io.StringIO(row.decode(), newline=""))) for row, _, _ in found] == rows
    assert [fields for _, fields, _ in found] == [len(row) for row in rows]
    assert not any(wrong for _, _, wrong in found)


_DAMAGE = st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"a", b"\xc3\xa9", b'""']), max_size=40)


@settings(max_examples=300, deadline=None)
@given(data=_DAMAGE, size=st.integers(1, 30))
def test_however_it_is_damaged_no_byte_is_lost_and_pieces_do_not_matter(data: list[bytes], size: int) -> None:
    content = b"".join(data)
    at_once = _pieces(content, len(content) + 1)
    assert _pieces(content, size) == at_once
    kept = b"".join(row for row, _, _ in at_once)
    line_ends = str.maketrans("", "", "\r\n")
    assert kept.decode().translate(line_ends) == content.decode().translate(line_ends)


def test_a_lost_quote_costs_its_row_only() -> None:
    data = b'1,a,"x\n2,b,y\n3,"c",z\n4,d"e,f\n5,"g"h,i\n6,j,"k\nl"\n'
    assert [(row[:1], wrong) for row, _, wrong in _pieces(data, 7)] == [
        (b"1", True), (b"2", False), (b"3", False), (b"4", True), (b"5", True), (b"6", False),
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_split, "LONGEST_ROW", 64)
    data = b'1,"a\n' + b"".join(b"%d,b\n" % number for number in range(2, 60))
    found = _pieces(data, 50)
    assert len(found) == 59 and [wrong for _, _, wrong in found] == [True] + [False] * 58


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(_TEXT, _TEXT, _TEXT), min_size=1, max_size=8), size=st.integers(40, 90))
def test_cells_are_those_of_the_csv_module(rows: list[tuple[str, str, str]], size: int) -> None:
    content = b"a,b,c\n" + _written([list(row) for row in rows], csv.QUOTE_ALL, "\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(content)
        _, blocks = read_csv_rows(Extract(SourceRules("s", "s"), _SPEC, "x.csv", path), block_size=size)
        cells = [tuple(row.values()) for block in blocks for row in block.table.to_pylist()]
    assert cells == [tuple(pc.utf8_trim_whitespace(pa.scalar(cell)).as_py() or None for cell in row) for row in rows]


_PLAIN = st.text(st.sampled_from("xy \t\x0b\x1f.é"), max_size=5)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(_PLAIN, _PLAIN), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_cells_without_quotes_are_trimmed_wherever_they_need_it(rows: list[tuple[str, str]], delimiter: str) -> None:
    tame = [[cell.replace(delimiter, "") for cell in row] for row in rows]
    lines = [delimiter.join(["a", "b", "c"]), *(delimiter.join(["k", *row]) for row in tame)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes("\n".join(lines).encode())
        _, blocks = read_csv_rows(Extract(SourceRules("s", "s"), _SPEC, "x.csv", path))
        cells = [(row["b"], row["c"]) for block in blocks for row in block.table.to_pylist()]
    assert cells == [tuple(pc.utf8_trim_whitespace(pa.scalar(cell)).as_py() or None for cell in row) for row in tame]
