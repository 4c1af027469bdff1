"""SQL of the hashes that tell rows apart: by key, by content, and by what stands behind tokens.

All of them are made from the columns past the door, by their landed names: what has landed can be hashed again. When
two rows are the same version is `versions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.lake.door import LandedColumn, vault_columns
from orchestration.lake.extract import Extract, ObjectSpec

NULL = "chr(30)"
NEXT = "chr(31)"


def known_name(spec: ObjectSpec) -> str | None:
    """The source's column that says when a row could be known."""
    named = (column.name for column in spec.columns if column.landed == "known_at")
    return spec.known_at or next(named, None)


def passing(landed: Sequence[LandedColumn]) -> list[LandedColumn]:
    """Columns past the door; the known_at every row has is worked out after them."""
    return [each for each in landed if each.name != "known_at"]


def joined(texts: Sequence[str]) -> str:
    """SQL of texts that are never null, put together so that no two lists of them look alike."""
    return f"concat({f', {NEXT}, '.join(texts)})" if texts else NULL


def hash_columns(extract: Extract, landed: Sequence[LandedColumn]) -> str:
    """`_key_hash`, `_row_hash` and `_token_hash`; `_kept` is the token of what the vault keeps of the row."""
    spec = extract.spec
    key = [text_of(each) for name in spec.key for each in passing(landed) if each.source_column == name]
    tokens = [text_of(each) for each in passing(landed) if each.is_token]
    behind = joined(["coalesce(_kept, '')", *tokens])
    has_tokens = bool(tokens) or bool(vault_columns(spec, extract.rules))
    return (
        f"md5({joined(key)}) as _key_hash, {content_hash(spec, landed)} as _row_hash,"
        f" {f'md5({behind})' if has_tokens else 'cast(null as varchar)'} as _token_hash"
    )


def content_hash(spec: ObjectSpec, landed: Sequence[LandedColumn]) -> str:
    """Hash of what a row says: all but tokens, the clock it is known by, and the cursor."""
    aside = {known_name(spec), spec.cursor}
    content = [text_of(each) for each in passing(landed) if each.source_column not in aside and not each.is_token]
    return f"md5({joined(content)})"


def text_of(column: LandedColumn) -> str:
    """A landed column as text, equal where the values are."""
    text = f'epoch_us("{column.name}")' if column.type == "timestamp" else f'"{column.name}"'
    return f"coalesce(cast({text} as varchar), {NULL})"
