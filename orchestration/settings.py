"""Where a run finds its things: frozen settings, read once from the environment.

Paths below the home are named here for whoever starts a run; the lake names its own folders below `lake/`.
Nothing is created, read or checked here: that is the doctor's and the run's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestration.lake.paths import HomePaths

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """Settings of one process. `as_of` is naive UTC; None means the start of the run."""

    home: Path = CHECKOUT / ".handoff"
    sources: Path | None = None
    criteria: Path = CHECKOUT / "criteria"
    as_of: datetime | None = None
    seed: int = 7
    vault_key: str | None = field(default=None, repr=False)

    @property
    def dbt_project(self) -> Path:
        """The dbt project's folder."""
        return CHECKOUT / "dbt_project"

    @property
    def dbt_manifest(self) -> Path:
        """What `make setup` parsed: the definitions are assembled from it."""
        return self.dbt_project / "target" / "manifest.json"

    @property
    def paths(self) -> HomePaths:
        """Names of everything in the home."""
        return HomePaths(self.home)

    @property
    def outbox(self) -> Path:
        """What was sent to CRMs, and what they acknowledged."""
        return self.home / "outbox.sqlite"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from HANDOFF_HOME, _SOURCES, _CRITERIA, _AS_OF, _SEED and _VAULT_KEY; unset ones keep defaults.

        Raises ValueError where a time or a number cannot be read.
        """
        found = os.environ if environment is None else environment
        default = cls()
        sources = found.get("HANDOFF_SOURCES")
        as_of = found.get("HANDOFF_AS_OF")
        return cls(
            home=_absolute(found.get("HANDOFF_HOME"), default.home),
            sources=Path(sources).expanduser().absolute() if sources else None,
            criteria=_absolute(found.get("HANDOFF_CRITERIA"), default.criteria),
            as_of=parse_as_of(as_of) if as_of else None,
            seed=_seed(found.get("HANDOFF_SEED"), default.seed),
            vault_key=found.get("HANDOFF_VAULT_KEY"),
        )


def parse_as_of(text: str) -> datetime:
    """Naive UTC from an ISO 8601 time; one without an offset is UTC. Raises ValueError where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"as_of {text!r} is not an ISO 8601 time such as 2026-03-01T00:00:00Z") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _absolute(text: str | None, default: Path) -> Path:
    return Path(text).expanduser().absolute() if text else default


def _seed(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        raise ValueError(f"HANDOFF_SEED {text!r} is not a whole number") from None
