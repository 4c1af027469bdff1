"""What a file really is, by its bytes and not by its name: refused by name where it cannot be what was declared.

Reads the first bytes (inside gzip too) and, of Parquet, the last; everything else of a file is for the readers.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NoReturn

from orchestration.lake.extract import Extract
from orchestration.lake.refusal import FileRefused

Content = Literal["csv", "ndjson", "parquet"]

HEAD = 1 << 16
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_SMALLEST_PARQUET = 12
_SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "git_lfs_pointer", "it is a Git LFS pointer, no data: fetch it with `git lfs pull`"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet", "it is an Excel workbook: save the sheet as CSV (UTF-8)"),
    (b"%PDF", "pdf_file", "it is a PDF: export the table as CSV"),
    (b"\xff\xfe", "utf16_text", "it is UTF-16 text: save it as CSV in UTF-8"),
    (b"\xfe\xff", "utf16_text", "it is UTF-16 text: save it as CSV in UTF-8"),
    (b"BZh", "unknown_compression", "it is compressed with bzip2: unpack it, or use gzip"),
    (b"\xfd7zXZ", "unknown_compression", "it is compressed with xz: unpack it, or use gzip"),
    (b"\x28\xb5\x2f\xfd", "unknown_compression", "it is compressed with zstd: unpack it, or use gzip"),
)
_PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")


def refuse(extract: Extract, reason_code: str, what_to_do: str) -> NoReturn:
    """Raise FileRefused for the file of `extract`."""
    raise FileRefused(extract.rules.source, extract.spec.name, extract.origin, reason_code, what_to_do) from None


def sniff(extract: Extract) -> Content:
    """What the file of `extract` holds; Parquet and NDJSON are recognised under any name.

    Raises
    ------
    FileRefused
        If it holds something that is not a table of text or Parquet.
    """
    path = _path(extract)
    if not path.is_file():
        refuse(extract, "missing_file", "the file is gone: list the folder again")
    head = next(read_blocks(extract, HEAD), b"")
    if not head.strip():
        refuse(extract, "empty_file", "it holds no bytes: export it again, with at least its header")
    if head.startswith(_PARQUET):
        return _parquet(extract, path)
    _refuse_known(extract, head)
    if extract.format == "parquet":
        refuse(extract, "not_parquet", "it is declared as Parquet and is not: declare what it is, or export it again")
    return _text_kind(extract, head)


def read_blocks(extract: Extract, size: int) -> Iterator[bytes]:
    """The bytes of the file, unpacked where it is gzip, without a byte order mark, in blocks of about `size`."""
    path = _path(extract)
    with path.open("rb") as plain:
        is_packed = plain.read(2) == _GZIP
        plain.seek(0)
        file = gzip.GzipFile(fileobj=plain) if is_packed else plain
        is_first = True
        while True:
            try:
                block = file.read(size)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                refuse(extract, "truncated_gzip", "its gzip stream is damaged or cut off: send it again")
            if not block:
                return
            yield block.removeprefix(_BOM) if is_first else block
            is_first = False


def read_lines(extract: Extract, size: int) -> Iterator[list[bytes]]:
    """The lines of the file without their ends, in lists of about `size` bytes; what follows the last end is a line."""
    carried = b""
    for block in read_blocks(extract, size):
        whole, found, carried = (carried + block).rpartition(b"\n")
        if found:
            yield whole.split(b"\n")
    if carried:
        yield [carried]


def _path(extract: Extract) -> Path:
    if extract.path is None:
        raise ValueError("an extract of batches has no file to read")
    return extract.path


def _parquet(extract: Extract, path: Path) -> Content:
    with path.open("rb") as file:
        is_whole = os.fstat(file.fileno()).st_size >= _SMALLEST_PARQUET
        if is_whole:
            file.seek(-4, os.SEEK_END)
            is_whole = file.read(4) == _PARQUET
    if not is_whole:
        refuse(extract, "truncated_parquet", "it begins as Parquet and does not end as such: send it again")
    return "parquet"


def _refuse_known(extract: Extract, head: bytes) -> None:
    for sign, reason, what_to_do in _SIGNS:
        if head.startswith(sign):
            refuse(extract, reason, what_to_do)
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            refuse(extract, "spreadsheet", "it is an Excel workbook under another name: save the sheet as CSV (UTF-8)")
        refuse(extract, "zip_archive", "it is a zip archive: unpack it, or use gzip")
    if head.lstrip().lower().startswith(_PAGES):
        refuse(extract, "html_page", "it is a web page or XML, perhaps of a login or an error: download it again")
    if head[:4096].count(0) * 5 > len(head[:4096]):
        refuse(extract, "binary_file", "it is binary, or UTF-16 text: save it as CSV in UTF-8")


def _text_kind(extract: Extract, head: bytes) -> Content:
    first = head.lstrip()
    if first.startswith(b"["):
        refuse(extract, "json_array", "it is one JSON array: write one object per line (NDJSON)")
    if not first.startswith(b"{"):
        if extract.format == "ndjson":
            refuse(extract, "not_ndjson", "its first line is no JSON object: write one object per line")
        return "csv"
    if extract.format == "ndjson":
        return "ndjson"
    try:
        return "ndjson" if isinstance(json.loads(first.split(b"\n", 1)[0]), dict) else "csv"
    except ValueError:
        return "csv"
