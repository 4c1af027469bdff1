"""Several small deliveries as one batch: two years of daily files are a few dozen batches, and their cost with them.

Joined are deliveries that follow each other and would each land by itself; what landed already stays apart. A batch of
several comes to what its deliveries would come to one after the other, and where it might not (a file is refused, a
row cannot be read) whoever lands it lands its `joined` extracts one by one. Only a connector whose reader takes several
deliveries at once joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from orchestration.lake.extract import Extract

MOST_DELIVERIES = 128
MOST_BYTES = 64 << 20
IsNew = Callable[[Extract], bool]
"""Whether an extract would land: `landing.is_new`, for a home."""


def joined_where_new(days: Iterable[Extract], is_new: IsNew) -> Iterator[Extract]:
    """Extracts of whole days of one object, in their order; those that are new in groups of a bounded size."""
    group: list[Extract] = []
    size = 0
    for each in days:
        is_joined, more = is_new(each), _bytes_of(each)
        if group and (not is_joined or len(group) == MOST_DELIVERIES or size + more > MOST_BYTES):
            yield join(group)
            group, size = [], 0
        if is_joined:
            group.append(each)
            size += more
        else:
            yield each
    if group:
        yield join(group)


def join(days: Sequence[Extract]) -> Extract:
    """One extract of all these; the only one itself."""
    first = days[0]
    if len(days) == 1 or first.restates is None:
        return first
    told = tuple(day for each in days if each.restates for day in each.restates.days or ())
    return replace(
        first,
        origin=f"{first.origin} to {days[-1].origin} ({len(days)} days)",
        parts=tuple(file for each in days for file in each.files),
        restates=replace(first.restates, days=told),
        delivery=None,
        joined=tuple(days),
    )


def _bytes_of(extract: Extract) -> int:
    return sum(file.stat().st_size for file in extract.files if file.is_file())
