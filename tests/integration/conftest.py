"""Homes that several suites of whole runs look at; a suite that changes one makes its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.integration.clinic_export import AS_OF, mark_unreadable, write_clinic
from tests.integration.harness import Home, start
from tests.integration.worlds import demo_home, moment, small_world
from tests.once import made_once


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home run once, to its end, over the whole small world at its last moment; a copy of this worker's alone."""

    def make(folder: Path) -> None:
        demo_home(folder).run(moment(small_world().as_of))

    made = made_once(tmp_path_factory, "undisturbed", make)
    copy = tmp_path_factory.mktemp("undisturbed_here")
    shutil.copytree(made, copy, symlinks=True, dirs_exist_ok=True)
    return Home(copy / "home", copy / "demo" / "sources.yaml")


@pytest.fixture(scope="session")
def clinic_run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny clinic, some rows of it unreadable, and its home, run once though twice started; nobody changes it.

    `said.json` beside them holds what either process left with and said, by exit code.
    """

    def make(folder: Path) -> None:
        home = Home(folder / "home", write_clinic(folder / "clinic"))
        mark_unreadable(folder / "clinic" / "export")
        started = [start(*home.arguments(AS_OF)) for _ in range(2)]
        ended = [(each.communicate(timeout=600)[0], each.returncode) for each in started]
        (folder / "said.json").write_text(json.dumps([[code, said] for said, code in sorted(ended, key=_code)]))

    return made_once(tmp_path_factory, "clinic", make)


def _code(ended: tuple[str, int]) -> int:
    return ended[1]


def copy_of(clinic: Path, to: Path) -> Home:
    """The clinic and its home at another place, to be changed there."""
    shutil.copytree(clinic, to, symlinks=True, dirs_exist_ok=True)
    return Home(to / "home", to / "clinic" / "sources.yaml")
