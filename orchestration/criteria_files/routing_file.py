"""criteria/routing.yaml: how leads are routed where the teams' lists leave a choice. Read and validated here.

What the rules mean stands in `models_ml.routing`; qualification rules have nothing to do with this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE_NAME = "routing.yaml"


class Priorities(BaseModel):
    """Priority (1 is served first) of each readiness band, of leads without a score and of those past their horizon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    high: int = Field(default=1, ge=1, le=9)
    medium: int = Field(default=2, ge=1, le=9)
    low: int = Field(default=3, ge=1, le=9)
    none: int = Field(default=2, ge=1, le=9)
    past_horizon: int = Field(default=4, ge=1, le=9)


class RoutingRules(BaseModel):
    """Content of criteria/routing.yaml; every key may be absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fallback_queue: str = Field(default="unassigned", min_length=1)
    priorities: Priorities = Priorities()
    due_soon_minutes: int = Field(default=60, ge=0)


class RoutingFileError(ValueError):
    """A routing.yaml that cannot be used: names file and key, shows no values."""


def read_routing_rules(criteria_dir: Path) -> dict[str, Any]:
    """Routing rules of a criteria folder as plain data, the defaults where the file or a key is absent.

    Raises RoutingFileError for a file that is no YAML mapping or holds unknown keys or values out of range.
    """
    path = criteria_dir / FILE_NAME
    if not path.exists():
        return RoutingRules().model_dump()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise RoutingFileError(f"{path}{where}: not readable as YAML (UTF-8); correct the file") from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise RoutingFileError(f"{path}: expected keys such as fallback_queue, found no mapping")
    try:
        return RoutingRules.model_validate(content).model_dump()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False)
        )
        raise RoutingFileError(f"{path}: {faults}") from None
