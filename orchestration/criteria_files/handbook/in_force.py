"""Which version of a service line's criteria a handbook shows: the one in force at as_of, and those around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestration.criteria_files.load import Criteria, ServiceLine
from orchestration.criteria_files.shapes import Version


@dataclass(frozen=True)
class Standing:
    """A service line at one moment.

    `version` is the one in force or, where none is yet, the first that will be; `before` are the versions that were in
    force before it, `coming` those that follow it, oldest first; `until_then` is what decides while none is in force.
    """

    line: ServiceLine
    version: Version
    is_in_force: bool
    before: tuple[Version, ...]
    coming: tuple[Version, ...]
    until_then: Standing | None = None

    @property
    def name(self) -> str:
        """Name of the version shown, like `orthopaedics@2`."""
        return self.line.criteria_version(self.version)

    @property
    def deciding(self) -> Standing | None:
        """What decides for this service line at that moment; None where nothing does."""
        return self if self.is_in_force else self.until_then

    @property
    def deciding_until(self) -> datetime | None:
        """When other criteria follow for this service line, if any are written."""
        following = self.coming if self.is_in_force else (self.version,)
        following += self.until_then.coming if self.until_then else ()
        return min((version.effective_from for version in following), default=None)


def standings(criteria: Criteria, as_of: datetime) -> tuple[Standing, ...]:
    """Every service line at that moment (naive UTC), by name, the default last."""
    ordered = sorted(criteria.service_lines, key=lambda line: (line.is_default, line.name))
    default = next((_standing(line, as_of, None) for line in ordered if line.is_default), None)
    deciding = default if default is not None and default.is_in_force else None
    return tuple(_standing(line, as_of, None if line.is_default else deciding) for line in ordered)


def _standing(line: ServiceLine, as_of: datetime, default: Standing | None) -> Standing:
    begun = [version for version in line.versions if version.effective_from <= as_of]
    shown = max(len(begun) - 1, 0)
    return Standing(
        line=line,
        version=line.versions[shown],
        is_in_force=bool(begun),
        before=line.versions[:shown],
        coming=line.versions[shown + 1 :],
        until_then=None if begun else default,
    )
