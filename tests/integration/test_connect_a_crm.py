"""`docs/how-to/connect-a-crm.md`, followed from top to bottom on the demo's CRM as a newcomer would."""

from __future__ import annotations

import re
import sqlite3

import pytest

from tests.integration.harness import ROOT, environment, handoff

PAGE = (ROOT / "docs" / "how-to" / "connect-a-crm.md").read_text(encoding="utf-8")


@pytest.mark.nightly
def test_the_page_leads_from_nothing_to_live(tmp_path):
    env = environment(HANDOFF_HOME=str(tmp_path / "home"), OMP_NUM_THREADS="1")
    commands = iter(re.findall(r"^\.venv/bin/handoff (.+)$", PAGE, flags=re.MULTILINE))
    registry, database = tmp_path / "trial" / "sources.yaml", tmp_path / "trial" / "crm.db"

    def follow(verb: str) -> str:
        """The page's next command, which is of this verb; its trial stands in the test's folder."""
        words = next(commands).split()
        assert words[0] == verb
        return handoff(*(re.sub(r"^trial", str(tmp_path / "trial"), word) for word in words), env=env)

    def said(*lines: str) -> None:
        """Say it of the destination, in place of what was said of its mode before."""
        entry = "".join(f"    {line}\n" for line in lines)
        text = re.sub(r"    (mode|live_teams): .*\n", "", registry.read_text())
        registry.write_text(text.replace("    key: lead_ref\n", f"    key: lead_ref\n{entry}"))

    def written() -> int:
        with sqlite3.connect(database) as crm:
            return int(crm.execute("select count(*) from crm_leads where handoff_sequence is not null").fetchone()[0])

    def teams() -> list[str]:
        with sqlite3.connect(database) as crm:
            query = "select distinct handoff_team_id from crm_leads where handoff_team_id is not null order by 1"
            return [row[0] for row in crm.execute(query)]

    follow("world")
    said("mode: shadow")
    follow("prepare")
    assert "shadow" in follow("run") and written() == 0
    dry = follow("send")
    assert "a dry run, nothing is written" in dry and written() == 0
    (shown,) = re.findall(r"([\d,]+) to be written", dry)
    (team,) = re.findall(r"live_teams: \[(\w+)\]", PAGE)
    said("mode: live", f"live_teams: [{team}]")
    follow("send")
    first = written()
    assert 0 < first < int(shown.replace(",", "")) and teams() == [team]
    said("mode: live")
    follow_all = handoff("send", "crm_leads", "--sources", str(registry), env=env)
    assert "written" in follow_all and written() == int(shown.replace(",", ""))
    assert "nobody changed a field of ours" in handoff("reconcile", "crm_leads", "--sources", str(registry), env=env)
    assert next(commands, None) is None
