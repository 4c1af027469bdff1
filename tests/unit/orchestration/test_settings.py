"""Settings: read once from the environment, times in UTC, secrets out of sight."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.settings import CHECKOUT, Settings, parse_as_of


def test_an_empty_environment_gives_the_checkouts_own_places():
    settings = Settings.from_environment({})
    assert settings.home == CHECKOUT / ".handoff" and settings.criteria == CHECKOUT / "criteria"
    assert settings.sources is None and settings.as_of is None


def test_the_environment_is_read():
    settings = Settings.from_environment(
        {"HANDOFF_HOME": "/x/place", "HANDOFF_SOURCES": "a.yaml", "HANDOFF_AS_OF": "2026-03-01", "HANDOFF_SEED": "11"}
    )
    assert settings.home == Path("/x/place") and settings.paths.published == Path("/x/place/published")
    assert settings.sources == Path.cwd() / "a.yaml"
    assert settings.as_of == datetime(2026, 3, 1) and settings.seed == 11


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T06:00:00+02:00", datetime(2026, 3, 1, 4)),
        ("2026-03-01T06:00:00Z", datetime(2026, 3, 1, 6)),
        ("2026-03-01 06:00", datetime(2026, 3, 1, 6)),
    ],
)
def test_as_of_is_utc(text, moment):
    assert parse_as_of(text) == moment


@pytest.mark.parametrize("environment", [{"HANDOFF_AS_OF": "soon"}, {"HANDOFF_SEED": "many"}])
def test_what_cannot_be_read_is_refused(environment):
    with pytest.raises(ValueError, match=next(iter(environment.values()))):
        Settings.from_environment(environment)


def test_settings_are_frozen_and_keep_the_key_to_themselves():
    settings = Settings.from_environment({"HANDOFF_VAULT_KEY": "deadbeef"})
    assert "deadbeef" not in repr(settings)
    with pytest.raises(FrozenInstanceError):
        settings.seed = 1
