"""Keyed tokens: what stands past the door for a value that may be matched and never seen.

HMAC-SHA-256 with a key of its own for each kind (e-mail, phone, anonymous id, click id, ...), so that equal text of two
kinds gives two tokens; the first 128 bits, in hex. E-mail is compared in lower case, phone by its digits. `token_of`
is the definition; `token_sql` the same in SQL, set by set.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import duckdb

_BLOCK = 64
_HEX_DIGITS = 32


def token_of(kind: str, value: str, key: bytes) -> str | None:
    """Token of one value, None where nothing of it is left to compare."""
    plain = _normalise(kind, value)
    return hmac.new(_kind_key(kind, key), plain.encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS] if plain else None


def declare_keys(connection: duckdb.DuckDBPyConnection, kinds: frozenset[str], key: bytes) -> None:
    """Give the connection the padded keys `token_sql` reads; they are values, never part of a statement."""
    columns = []
    values = []
    for kind in sorted(kinds):
        padded = _kind_key(kind, key).ljust(_BLOCK, b"\0")
        columns += [f"?::blob as inner_{_safe(kind)}", f"?::blob as outer_{_safe(kind)}"]
        values += [bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)]
    if columns:
        connection.execute(f"create or replace temp table token_keys as select {', '.join(columns)}", values)


def token_sql(kind: str, value: str) -> str:
    """SQL of the token of the text `value`; the statement must join the one row of `token_keys`."""
    digits = f"nullif(regexp_replace({value}, '[^0-9]', '', 'g'), '')"
    plain = {"email": f"lower({value})", "phone": digits}.get(kind, value)
    inner = f"unhex(sha256(inner_{_safe(kind)} || encode({plain})))"
    return f"left(sha256(outer_{_safe(kind)} || {inner}), {_HEX_DIGITS})"


def _normalise(kind: str, value: str) -> str:
    plain = value.strip()
    if kind == "email":
        return "".join(each.lower()[0] for each in plain)  # letter by letter, as SQL does
    return re.sub(r"[^0-9]", "", plain) if kind == "phone" else plain


def _kind_key(kind: str, key: bytes) -> bytes:
    return hmac.digest(key, f"token:{kind}".encode(), "sha256")


def _safe(kind: str) -> str:
    return re.sub(r"[^a-z0-9_]", "_", kind.lower())
