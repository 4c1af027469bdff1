"""The kinds of value a sources registry holds: names, durations, moments, paths, database addresses.

Each turns what stands in the YAML into a typed value or raises an error that says what to write instead and never
shows the value. What the keys mean is `registry_schema.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, SecretStr, TypeAdapter, ValidationInfo
from pydantic_core import PydanticCustomError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
FOLDER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DURATION = re.compile(r"P(\d+W|(?=[\dT])(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)")
_ZONES = frozenset(available_timezones())
_TIMEDELTA = TypeAdapter(timedelta)


def refuse(message: str) -> PydanticCustomError:
    """An error whose text is exactly `message` (braces are safe)."""
    return PydanticCustomError("registry", "{message}", {"message": message})


def did_you_mean(name: str, known: Mapping[str, Any] | frozenset[str] | list[str]) -> str:
    """`: did you mean …?`, or the few there are, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    if close:
        return f": did you mean `{close[0]}`?"
    return ": known here are " + ", ".join(sorted(known)) if 0 < len(known) <= 30 else ""


def _duration(value: object) -> timedelta:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise refuse("is not an ISO 8601 duration of weeks, days, hours, minutes or seconds: write P1D, PT2H, PT15M")
    return _TIMEDELTA.validate_python(value)


def _overlap(value: object) -> timedelta | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 <= value < float("inf"):
            raise refuse("must be zero or more")
        return value
    return _duration(value)


def _zone(value: object) -> str:
    if not isinstance(value, str) or value not in _ZONES:
        hint = did_you_mean(value, _ZONES) if isinstance(value, str) else ""
        raise refuse(f"is not an IANA time zone{hint or ': write one such as America/Chicago or UTC'}")
    return value


def _moment(value: object) -> datetime:
    """A date, or a time with or without offset, quoted or not; a date is 00:00."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)
    except ValueError:
        pass
    raise refuse("is not an ISO 8601 date or time: write 2024-01-31 or 2024-01-31T08:00:00-06:00")


def _moment_or_stages(value: object) -> object:
    return value if isinstance(value, dict) else _moment(value)


def resolved(value: object, info: ValidationInfo, what: str) -> str:
    """`env:NAME` looked up in the environment the registry was given."""
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"must be text: {what}")
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    found = (info.context or {}).get("environ", {}).get(name)
    if not found:
        raise refuse(f"environment variable {name} is not set: set it to {what}")
    return str(found)


def _path(value: object, info: ValidationInfo) -> Path:
    path = Path(resolved(value, info, "the folder or file of this source")).expanduser()
    return Path((info.context or {}).get("folder", ".")) / path


def _url(value: object, info: ValidationInfo) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    text = resolved(value, info, "a database address such as postgresql://user@host/name or sqlite:///crm.db")
    try:
        url = make_url(text)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg2")
        url = _anchored(url, Path((info.context or {}).get("folder", ".")))
        url.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise refuse("names a kind of database that is not installed here: postgresql and sqlite are") from None
    except ImportError:
        hint = "its driver is not installed: pip install 'warm-handoff[postgres]', or the driver of your database"
        raise refuse(hint) from None
    except (ArgumentError, ValueError, AttributeError):
        raise refuse("is not a database address: write postgresql://user@host/name or sqlite:///crm.db") from None
    return SecretStr(url.render_as_string(hide_password=False))


def _anchored(url: URL, folder: Path) -> URL:
    """A relative SQLite file is relative to the registry's folder."""
    if url.get_backend_name() != "sqlite":
        return url
    if not url.database or url.database == ":memory:":
        raise refuse("names no SQLite file: write sqlite:///crm.db")
    if url.database.startswith("file:"):
        return url
    return url.set(database=str((folder / Path(url.database).expanduser()).resolve()))


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, Field(strict=True, min_length=1)]
ObjectName = Annotated[str, Field(strict=True, pattern=f"^{FOLDER.pattern}$")]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_many)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Overlap = Annotated[timedelta | float, BeforeValidator(_overlap)]
Zone = Annotated[str, BeforeValidator(_zone)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
MomentOrStages = BeforeValidator(_moment_or_stages)
SourcePath = Annotated[Path, BeforeValidator(_path)]
DatabaseUrl = Annotated[SecretStr, BeforeValidator(_url)]
