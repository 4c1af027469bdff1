"""How long a person who asks waits for the desk to know: from landing to the acknowledged write, after years of leads.

Builds the demo's clinic world of `--leads` and runs it once; then, tick by tick, new leads come into its CRM and ask
for a visit on its web site, and the intake job runs as the schedule runs it. Timed is the job of a process that has
just started; seconds from the run's first step to the CRM's acknowledgement of every new lead.

    python -m tests.benchmarks.intake --out docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.executing import execute
from orchestration.runs import open_run
from orchestration.settings import Settings
from tests.benchmarks.bench import write_section
from tests.benchmarks.measure import ROOT, cpu_seconds, machine

SEED = 7
TICK = timedelta(minutes=5)
LEADS_A_TICK = 3
# A lead of the past whose service line takes who asks for a visit and lives near by.
_LIKE = """
select lead_ref from crm_lead_history where interest = 'orthopaedics' and site_code is not null and zip like '787%'
    and master_ref is null and archived = 'ACTIVE' and lead_ref not like 'asked-%' order by change_no desc limit 1
"""
_COPIES = {"crm_lead_history": ("created_on", "changed_at"), "crm_field_history": ("changed_at",)}


def main() -> None:
    """Build, run, tick; print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--ticks", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/handoff-bench-intake"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tick", type=int, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.tick is not None:
        print(json.dumps(tick(said.folder, said.tick)))
        return
    prepare(said.folder, said.leads)
    figures = [_apart(said.folder, number) for number in range(1, said.ticks + 1)]
    told = table(said.leads, figures)
    print(told)
    if said.out is not None:
        write_section(said.out, "intake", told)


def prepare(folder: Path, leads: int) -> None:
    """A world and a home that has run once; those already there are taken as they are."""
    handoff = str(Path(sys.executable).with_name("handoff"))
    world, home = folder / "world", folder / "home"
    if not (world / "world.json").exists():
        subprocess.run(
            [handoff, "world", "build", "--leads", str(leads), "--seed", str(SEED), "--out", world], check=True
        )
    if not (home / "published" / "current").exists():
        as_of = json.loads((world / "world.json").read_text())["as_of"]
        call = [handoff, "run", "--sources", world / "sources.yaml", "--home", home, "--as-of", as_of]
        subprocess.run([*call, "--seed", str(SEED)], check=True)


def tick(folder: Path, number: int) -> dict[str, object]:
    """New leads come, and the intake job runs once; what it took and what the CRM then says of them."""
    world = folder / "world"
    end = datetime.fromisoformat(json.loads((world / "world.json").read_text())["as_of"])
    as_of = (end.astimezone(UTC) + TICK * number).replace(tzinfo=None)
    names = [f"asked-{number}-{each}" for each in range(LEADS_A_TICK)]
    ask(world, names, as_of - timedelta(minutes=2))
    settings = Settings(sources=world / "sources.yaml", home=folder / "home", as_of=as_of, seed=SEED)
    began, cpu = time.time(), cpu_seconds()
    with open_run(settings, who="bench") as opened:
        is_whole = execute(opened, "intake")
    took = time.time() - began
    with closing(sqlite3.connect(folder / "home" / "outbox.sqlite")) as outbox:
        marks = ", ".join("?" * len(names))
        query = f"select max(acknowledged_at), count(distinct lead_id) from attempts where lead_id in ({marks})"
        acknowledged, known = outbox.execute(query + " and status = 'verified'", names).fetchone()
    waited = datetime.fromisoformat(acknowledged).replace(tzinfo=UTC).timestamp() - began if acknowledged else None
    with closing(sqlite3.connect(world / "crm.db")) as crm:
        query = (
            "select handoff_stage, handoff_team_id, handoff_sla_due_at, handoff_band from crm_leads where lead_ref = ?"
        )
        held = [crm.execute(query, [name]).fetchone() for name in names]
    return {"waited": waited, "took": took, "cpu": cpu_seconds() - cpu, "known": known, "held": held, "whole": is_whole}


def ask(world: Path, names: list[str], moment: datetime) -> None:
    """Leads like one of before, new in the CRM, who ask for a visit."""
    at = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    with closing(sqlite3.connect(world / "crm.db")) as crm, crm:
        (like,) = crm.execute(_LIKE).fetchone()
        for table_name, times in _COPIES.items():
            columns = [row[1] for row in crm.execute(f"pragma table_info({table_name})")]
            rows = crm.execute(f"select * from {table_name} where lead_ref = ? order by change_no", [like]).fetchall()
            number = crm.execute(f"select max(change_no) from {table_name}").fetchone()[0]
            for name in names:
                for row in rows:
                    number += 1
                    new = dict(zip(columns, row, strict=True)) | {"change_no": number, "lead_ref": name}
                    new |= {column: at for column in times}
                    marks = ", ".join("?" * len(columns))
                    crm.execute(f"insert into {table_name} values ({marks})", [new[column] for column in columns])
        crm.executemany("insert into crm_leads (lead_ref) values (?)", [(name,) for name in names])
    lines = ["touch_id,lead_id,occurred_at,signal,service_line,known_at"]
    lines += [f"touch-{name},{name},{at},appointment_request,orthopaedics,{at}" for name in names]
    (world / "web" / "touches" / f"asked-{moment:%H%M}.csv").write_text("\n".join(lines) + "\n")


def table(leads: int, figures: list[dict[str, object]]) -> str:
    """The ticks as a Markdown table."""
    lines = [
        f"## intake: new leads after {leads:,} leads of history\n",
        f"{machine()}. The demo's world (seed {SEED}), run once; then {LEADS_A_TICK} new leads a tick "
        "and the intake job, in a process that has just started. Aim: 60 s from landing to the acknowledged write.\n",
        "| tick | landing to acknowledged write | whole job | CPU | new leads proved in the CRM |",
        "|---|---|---|---|---|",
    ]
    for number, told in enumerate(figures, start=1):
        waited = f"{told['waited']:.1f} s" if told["waited"] is not None else "never"
        lines.append(f"| {number} | {waited} | {told['took']:.1f} s | {told['cpu']:.1f} s | {told['known']} |")
    return "\n".join(lines) + "\n"


def _apart(folder: Path, number: int) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.benchmarks.intake", "--folder", str(folder), "--tick", str(number)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    main()
