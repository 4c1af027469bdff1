"""A call of dbt handed to the process that stands ready is the call as it would have been made without it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from orchestration.dbt_warm import ADDRESS, WarmDbt

HANDOFF_DBT = Path(sys.executable).with_name("handoff-dbt")


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmDbt]:
    """The process, standing ready."""
    process = WarmDbt()
    process.start()
    yield process
    process.stop()


def call(
    *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`handoff-dbt` with these words, as a run would start it."""
    return subprocess.run(
        [HANDOFF_DBT, "--no-send-anonymous-usage-stats", "--log-level-file", "none", *words],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
    )


def processes_of(parent: int) -> list[int]:
    """Ids of the processes a process has started."""
    return [int(line) for line in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def test_output_and_exit_code_are_those_of_dbt(warm: WarmDbt) -> None:
    version = call("--version")
    assert version.returncode == 0 and "installed: 1." in version.stdout
    wrong = call("no-such-command")
    assert wrong.returncode == 2 and "No such command 'no-such-command'" in wrong.stdout + wrong.stderr


def test_folder_and_environment_are_the_callers(warm: WarmDbt, tmp_path: Path) -> None:
    here = call("parse", "--profiles-dir", ".", folder=tmp_path)
    assert here.returncode == 2 and f"{tmp_path}/dbt_project.yml" in here.stdout + here.stderr
    named = call("parse", "--profiles-dir", ".", folder=tmp_path, environment={"DBT_PROJECT_DIR": f"{tmp_path}/named"})
    assert named.returncode == 2 and f"{tmp_path}/named" in named.stdout + named.stderr


def test_without_it_the_call_is_made_all_the_same(tmp_path: Path) -> None:
    said = call("--version", environment={ADDRESS: str(tmp_path / "nobody")})
    assert said.returncode == 0 and "installed: 1." in said.stdout


def test_where_a_temporary_folder_is_too_deep_for_it_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    process = WarmDbt()
    process.start()
    assert list(deep.iterdir()) == []


def test_started_twice_it_stands_once(warm: WarmDbt) -> None:
    before = processes_of(os.getpid())
    warm.start()
    assert processes_of(os.getpid()) == before


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "import time; from orchestration import dbt_warm; dbt_warm.WarmDbt().start(); print(flush=True); time.sleep(9)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "\n"
        (ready,) = processes_of(holder.pid)
        holder.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{ready}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{ready}").exists()
