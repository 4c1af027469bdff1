"""`docs/how-to/connect-a-crm.md`, followed from top to bottom as a newcomer would: the page's own text is run."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import ROOT, environment

PAGE = (ROOT / "docs" / "how-to" / "connect-a-crm.md").read_text(encoding="utf-8")
STEPS = PAGE.partition("\n## Tryton\n")[0]


class Newcomer:
    """Somebody in an empty folder with the checkout's .venv who does what the page says, block by block."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.registry = folder, folder / "trial" / "sources.yaml"
        self.env = environment(OMP_NUM_THREADS="1")
        (folder / ".venv").symlink_to(sys.prefix)
        self.blocks = iter(re.findall(r"^```(bash|yaml)\n(.*?)^```$", STEPS, flags=re.MULTILINE | re.DOTALL))

    def until(self, *words: str) -> str:
        """Follow the page to its next command with these words and say what it printed; nothing else may be called."""
        for language, text in self.blocks:
            if language == "yaml":
                self.edit(yaml.safe_load(text))
                continue
            said = "".join(self.call(text.splitlines()))
            assert all(word in text for word in words), f"the page says {text!r} where {words} were looked for"
            return said
        raise AssertionError(f"the page has no further command {words}")

    def call(self, lines: list[str]) -> Iterator[str]:
        for line in lines:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                self.env[name] = value
                continue
            done = subprocess.run(
                ["bash", "-c", line], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=1800
            )
            assert done.returncode == 0, f"{line} left with {done.returncode}:\n{(done.stdout + done.stderr)[-6000:]}"
            yield done.stdout

    def edit(self, told: dict) -> None:
        """Put the page's entry in the place of the registry's, or its lines in place of what was said of the mode."""
        registry = yaml.safe_load(self.registry.read_text())
        if "destinations" in told:
            registry["destinations"] = told["destinations"]
        else:
            entry = registry["destinations"]["crm_leads"]
            kept = {name: value for name, value in entry.items() if name not in ("mode", "live_teams")}
            registry["destinations"]["crm_leads"] = {**kept, **told}
        self.registry.write_text(yaml.safe_dump(registry, sort_keys=False))

    def asked(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.folder / "trial" / "crm.db") as crm:
            return crm.execute(query).fetchall()

    def teams(self) -> dict[str | None, int]:
        """Records written to, by the team they name."""
        query = "select handoff_team_id, count(*) from crm_leads where handoff_sequence is not null group by 1"
        return dict(self.asked(query))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_page_leads_from_nothing_to_live(tmp_path):
    newcomer = Newcomer(tmp_path)
    newcomer.until("world build")
    assert "CREATE VIEW handoff_queue" in newcomer.until("prepare")
    assert "wrong" not in newcomer.until("doctor")
    assert "shadow" in newcomer.until("run") and not newcomer.teams()
    assert (tmp_path / "trial" / ".handoff" / "published" / "current").exists()
    dry = newcomer.until("send", "--dry-run")
    assert "a dry run, nothing is written" in dry and not newcomer.teams()
    (shown,) = re.findall(r"([\d,]+) to be written", dry)
    newcomer.until("send")
    (team,) = re.findall(r"live_teams: \[(\w+)\]", STEPS)
    first = newcomer.teams()
    assert set(first) == {team}
    newcomer.until("send")
    assert sum(newcomer.teams().values()) == int(shown.replace(",", "")) > first[team]
    with sqlite3.connect(tmp_path / "trial" / "crm.db") as crm:
        chosen = "select min(lead_ref) from crm_leads where handoff_team_id is not null"
        crm.execute(f"update crm_leads set handoff_team_id = 'team_heart' where lead_ref = ({chosen})")
    said = newcomer.until("reconcile")
    assert "-> team_heart\tset by staff: it stands" in said and "\n1 conflicting, " in said
    assert not [language for language, _ in newcomer.blocks if language == "bash"]
