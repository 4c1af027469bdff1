"""Records we wrote that are wanted no longer, merged away or not qualified: one last write takes them out of queues."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from orchestration.lake.outbox import Outbox, Wanted
from orchestration.withholding import WITHHELD, withhold

_LEFT = "no longer a lead of its own: merged into another record, or not qualified any more"
# In a run a few records in a thousand are merged or lose their stage. Where more than a tenth go at once, and more than
# a person corrects by hand, a source that failed or an id space that moved is likelier than the truth of it.
_MOST_SHARE, _MOST = 0.1, 20


@dataclass(frozen=True)
class Leaving:
    """Last writes of records wanted no longer. `held_back`: why there are none, where there would be too many."""

    last_writes: list[Wanted] = field(default_factory=list)
    held_back: str = ""


def leaving(outbox: Outbox, destination: str, wanted: Collection[str], *, clears: bool = False) -> Leaving:
    """What takes records that are not among `wanted` lead ids out of their queues; `clears`: however many they are."""
    written, gone = outbox.no_longer_wanted(destination, wanted, WITHHELD)
    if len(gone) > max(_MOST, _MOST_SHARE * written) and not clears:
        return Leaving(
            held_back=f"destination {destination}: {len(gone):,} of {written:,} records written there are wanted no "
            "longer, more than a tenth at once: they keep their team and queue until somebody says it is true. Look "
            f"at what the sources brought; if it is true: handoff send {destination} --clear"
        )
    return Leaving([withhold(row, _LEFT) for row in gone])
