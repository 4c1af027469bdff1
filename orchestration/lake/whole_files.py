"""Files that say all of a key in one row: two rows of one key are parts of something, and reading one loses the other.

A report broken down further than was declared looks just so: each part of a campaign's day would pass for a correction
of the part before it. Such a file is refused; two rows that are equal in everything are one row sent twice.
"""

from __future__ import annotations

import duckdb

from orchestration.lake.extract import Extract
from orchestration.lake.sniff import refuse

# Of a replay: rows of the same keys that landed of the delivery its rows were last seen in.
_LANDED = """
select distinct old.row_no, old.key_a, old.key_b, old.content
from existing as old
left join replayed on old.batch_id = replayed.batch_id
inner join fresh as new on old.key_a = new.key_a and old.key_b = new.key_b
inner join sighted on new.row_no = sighted.row_no and coalesce(replayed.first_id, old.batch_id) = sighted.batch_id
where old.row_no <> sighted.at_row
"""


def refuse_if_not_whole(
    connection: duckdb.DuckDBPyConnection, extract: Extract, *, has_unknown: bool, is_replay: bool = False
) -> None:
    """Refuse an extract that `is_whole` where rows of one key, among those in `fresh`, differ.

    `has_unknown` says that it has columns nobody declared: of equal rows nobody can then tell whether they differ. Rows
    of a replay are compared with what landed of their file, too.

    Raises
    ------
    FileRefused
        Naming the first such row, never what it holds.
    """
    if not extract.spec.is_whole:
        return
    rows = f"from fresh union all {_LANDED}" if is_replay else "from fresh"
    found = connection.execute(
        f"""
        with several as (
            select key_a, key_b, arg_min(row_no, row_no, 2)[2] as second
            from (select row_no, key_a, key_b, content {rows})
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
