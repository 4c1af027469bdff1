"""What a reply that is no answer means, for every CRM spoken to over HTTP: come back later, or mend something first.

The clients' own messages and the replies' texts stay out of ours: they may hold values of records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestration.destinations.base import DestinationError, Unavailable

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")
_NOT_APPLIED = {423, 429, 477}
# What to wait where the calls of a day are used up: longer than any run does. The next run asks again.
UNTIL_ANOTHER_RUN = 3_600.0


def code_of(value: object, otherwise: str = "refused") -> str:
    """A system's own error code; anything that does not look like one is told by our word."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else otherwise


def retry_after(headers: Mapping[str, str] | None, *, now: datetime | None = None) -> float | None:
    """Seconds the reply asks to wait, from `Retry-After` as a number or a date; None where it asks nothing."""
    said = next((value for key, value in (headers or {}).items() if key.lower() == "retry-after"), None)
    if said is None:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", said):
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def is_later(status: int) -> bool:
    """Whether a reply of this status says no more than `not now`."""
    return status in _NOT_APPLIED or status in (408, 425) or status >= 500


def later(name: str, system: str, status: int, *, wait: float | None = None, is_write: bool = False) -> Unavailable:
    """The error of a reply that `is_later`. A gateway's error may hide a write that was done."""
    why = "takes no more calls for now" if status == 429 else f"answered {status}"
    is_fate_unknown = is_write and status not in _NOT_APPLIED
    return Unavailable(f"destination {name}: {system} {why}", retry_after=wait, is_fate_unknown=is_fate_unknown)


def lost(name: str, system: str, *, is_write: bool, was_sent: bool = True) -> Unavailable:
    """The error of a call without a readable reply; one that never reached the system did nothing."""
    what = "sent no reply that could be read" if was_sent else "could not be reached"
    return Unavailable(f"destination {name}: {system} {what}", is_fate_unknown=is_write and was_sent)


def not_accepted(name: str, system: str, what: str, remedy: str) -> DestinationError:
    """The error of a key that is refused, or may not do what it must."""
    return DestinationError(f"destination {name}: {system} {what}; {remedy}")
