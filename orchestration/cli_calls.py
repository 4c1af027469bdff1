"""What every verb of `handoff` does with its words: settings out of them, and the exit codes of calls refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from orchestration.settings import Settings, parse_as_of

FAILED, WRONG_CALL, HELD = 1, 2, 75
FILE = click.Path(path_type=Path)


def settings_of(**given: object) -> Settings:
    """The environment's settings with what the call gave; leaves with 2 where a value cannot be read."""
    try:
        settings = Settings.from_environment()
        as_of = given.pop("as_of", None)
        if as_of is not None:
            given["as_of"] = parse_as_of(str(as_of))
    except ValueError as error:
        refuse(str(error))
    chosen: dict[str, Any] = {
        name: value.absolute() if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }
    return replace(settings, **chosen)


def refuse(message: str, code: int = WRONG_CALL) -> NoReturn:
    """Say why on standard error and leave."""
    click.echo(message, err=True)
    sys.exit(code)
