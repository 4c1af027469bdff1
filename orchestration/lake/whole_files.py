"""Files that say all of a key in one row: two rows of one key are parts of something, and reading one loses the other.

A report broken down further than was declared looks just so: each part of a campaign's day would pass for a correction
of the part before it. Such a file is refused; two rows that are equal in everything are one row sent twice.
"""

from __future__ import annotations

import duckdb

from orchestration.lake.extract import Extract
from orchestration.lake.sniff import refuse


def refuse_if_not_whole(connection: duckdb.DuckDBPyConnection, extract: Extract, *, has_unknown: bool) -> None:
    """Refuse an extract that `is_whole` where rows of one key, among those in `fresh`, differ.

    `has_unknown` says that it has columns nobody declared: of equal rows nobody can then tell whether they differ.

    Raises
    ------
    FileRefused
        Naming the first such row, never what it holds.
    """
    if not extract.spec.is_whole:
        return
    found = connection.execute(
        """
        with several as (
            select key_a, key_b, arg_min(row_no, row_no, 2)[2] as second
            from fresh
            group by key_a, key_b
            having count(*) > 1 and ($has_unknown or count(distinct content) > 1)
        )
        select count(*), min(second) from several
        """,
        {"has_unknown": has_unknown},
    ).fetchall()
    count, row_no = found[0]
    if count:
        refuse(
            extract,
            "rows_of_one_key",
            f"{count} keys ({', '.join(extract.spec.key)}) have several rows, the first again in row {row_no}: it is "
            "broken down further than declared, so name the columns that tell them apart in `segments`",
        )
