"""A what-if says what a home would have decided, and an explanation says what it did: held to homes that truly ran."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.asking import ask_explanation, ask_what_if
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.dbt_compiled import qualification_sql
from orchestration.definitions import build_defs
from orchestration.lake.lease import LeaseHeld, hold_lease
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_log import BuildHashes, RunLog
from orchestration.replay.explain import NoSuchLead
from orchestration.replay.home import HomeUnreadable, as_of, reading
from orchestration.replay.pages.explain_page import explain_page
from orchestration.replay.pages.what_if_files import what_if_figures
from orchestration.replay.scratch import Scratch
from orchestration.replay.what_if import WhatIfRefused
from orchestration.settings import Settings
from tests.integration.harness import ROOT, Home, handoff
from tests.integration.worlds import demo_home, moment, small_world

SINCE, BEGINS = "2026-04-01T00:00:00Z", datetime(2026, 4, 1)
TRIED = f"""\
  - version: 3
    effective_from: {SINCE}
    mql:
      require: fit_and_behaviour
      fit: {{threshold: 10, rules: [{{id: in_state, attribute: state, in: [TX, GA, CO, AZ], points: 10}}]}}
      behaviour:
        threshold: 15
        rules:
          - {{id: guide, signal: content_download, points: 15, at_most: 3, half_life_days: 45}}
          - {{id: service_page, signal: service_page_view, points: 5, at_most: 3}}
          - {{id: asked_for_visit, signal: appointment_request, points: 40, at_most: 1}}
          - {{id: attended, signal: event_attended, channels: [webinar], points: 25}}
    sql:
      verified_by: [scheduler, intake_specialist]
      eligibility: [{{id: licensed_state, attribute: state, in: [TX, GA, CO, AZ]}}]
      ready_when_any:
        - {{id: screened, work_event: screening, outcome: [qualified]}}
        - {{id: self_booked, appointment_booked_by: [lead]}}
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter criteria with one more version of orthopaedics."""
    folder = tmp_path_factory.mktemp("changed") / "criteria"
    shutil.copytree(ROOT / "criteria", folder)
    with (folder / "orthopaedics.yaml").open("a") as file:
        file.write(TRIED)
    return folder


@pytest.fixture(scope="module")
def lived(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that decided with the changed criteria from the start."""
    made = demo_home(tmp_path_factory.mktemp("lived"))
    home = Home(made.path, made.sources, options=["--criteria", str(changed)])
    home.run(moment(small_world().as_of))
    return home


def asked(home: Home, file: Path, **more: Any) -> dict[str, Any]:
    """The figures of a what-if over the home."""
    return what_if_figures(ask_what_if(Settings(home=home.path), file, **more))


def test_the_criteria_in_force_give_back_every_decision(undisturbed: Home) -> None:
    for file in sorted((ROOT / "criteria").glob("*.yaml")):
        if file.stem in ("catalogue", "policy", "exclusions", "routing"):
            continue
        found = asked(undisturbed, file)
        assert found["is_as_decided"] and found["difference_count"] == 0, file.name
        assert found["record_count"] > 20 and set(found["mql_changes"]) <= {"kept"}


_MQLS = """
select lead_id, became_mql_at, became_sql_at from fct_lead_lifecycles
where excluded_by is null and not is_deleted and (became_mql_at is not null or became_sql_at is not null)
"""


def test_it_says_what_a_home_decided_that_lived_by_the_change(undisturbed: Home, lived: Home, changed: Path) -> None:
    found = asked(undisturbed, changed / "orthopaedics.yaml", since=BEGINS)
    before, after = ({row[0]: row[1:] for row in home.query(_MQLS)} for home in (undisturbed, lived))
    for column, told in ((0, found["mql_changes"]), (1, found["sql_changes"])):
        moments = {lead: (before.get(lead, (None, None))[column], after.get(lead, (None, None))[column])
                   for lead in before | after}  # fmt: skip
        gained = sum(old is None and new is not None for old, new in moments.values())
        lost = sum(new is None and old is not None for old, new in moments.values())
        moved = sum(None not in (old, new) and old != new for old, new in moments.values())
        assert told.get("gained", 0) == gained and told.get("lost", 0) == lost
        assert told.get("earlier", 0) + told.get("later", 0) == moved
    assert found["mql_changes"]["gained"] > 5 and found["mql_changes"]["lost"] > 0
    assert asked(lived, changed / "orthopaedics.yaml")["difference_count"] == 0


def test_every_edit_is_named_with_what_it_does(undisturbed: Home, changed: Path, tmp_path: Path) -> None:
    handoff("whatif", str(changed / "orthopaedics.yaml"), "--home", str(undisturbed.path), "--since", SINCE, "--out",
            str(tmp_path))  # fmt: skip
    assert (tmp_path / "what_if.png").read_bytes().startswith(b"\x89PNG")
    assert "## Which edit caused what" in (tmp_path / "what_if.md").read_text()
    found = json.loads((tmp_path / "what_if.json").read_text())
    edits = {edit["rule_id"] or edit["section"]: edit for edit in found["edits"]}
    assert edits["guide"]["what"].startswith("topic knee_pain, hip_pain, shoulder_pain → none; points 12 → 15")
    assert edits["called"]["what"] == "removed" and edits["called"]["lost_alone"] > 0
    gained = found["mql_changes"]["gained"]
    assert all(edit["gained_alone"] <= gained + found["sql_changes"].get("gained", 0) for edit in edits.values())
    assert [each["rule_id"] for each in found["channel_limited_rules"]] == ["attended"]
    assert found["sql"]["groups"]["gained"]["leads"] <= gained
    assert found["contact_hours"] is not None


def explained(home: Home, lead_id: str, at: datetime | None = None) -> str:
    """The explanation's page."""
    [found] = ask_explanation(Settings(home=home.path, as_of=at), lead_id)
    return markdown_text(explain_page(found))


def test_a_lead_is_explained_as_it_was_decided(undisturbed: Home) -> None:
    [(lead, at, points)] = undisturbed.query("""
        select lead_id, became_mql_at, behaviour_points from fct_lead_lifecycles
        where became_mql_at > became_lead_at and became_sql_at > became_mql_at and disqualified_at is null
            and service_line = 'cardiology' order by lead_id limit 1""")
    said = handoff("explain", lead, "--home", str(undisturbed.path))
    assert said == explained(undisturbed, lead) + "\n"
    assert "**This record is MQL (since " in said and ", is SQL (since " in said
    assert f"behaviour {float(points):.6f}".rstrip("0").rstrip(".") in said
    just_before = explained(undisturbed, lead, at - timedelta(microseconds=1))
    assert "**This record is not MQL, is not SQL.**" in just_before and "points are missing" in just_before
    then = explained(undisturbed, lead, at)
    assert "**This record is MQL (since " in then and "is not SQL" in then


def test_what_cannot_be_asked_is_refused_in_words(undisturbed: Home, changed: Path, tmp_path: Path) -> None:
    settings, file = Settings(home=undisturbed.path), changed / "orthopaedics.yaml"
    with pytest.raises(NoSuchLead, match="no lead nobody was known"):
        ask_explanation(settings, "nobody")
    with pytest.raises(ValueError, match="the moment the home answers for"):
        explained(undisturbed, "nobody", datetime(2031, 1, 1))
    with pytest.raises(WhatIfRefused, match="there is no such criteria file"):
        ask_what_if(settings, tmp_path / "nowhere.yaml")
    with pytest.raises(WhatIfRefused, match="the moment the home answers for"):
        ask_what_if(settings, file, since=datetime(2031, 1, 1))
    assert "has decided nothing yet" in handoff("whatif", str(file), "--home", str(tmp_path), expect=2)
    with hold_lease(HomePaths(undisturbed.path), who="a test"):
        assert "another run holds" in handoff("whatif", str(file), "--home", str(undisturbed.path), expect=75)


def test_no_run_begins_while_somebody_asks(undisturbed: Home, tmp_path: Path) -> None:
    paths = HomePaths(undisturbed.path)
    with Scratch(qualification_sql(Settings())) as scratch, reading(scratch, paths, who="a question"):
        with pytest.raises(LeaseHeld, match="a question"), hold_lease(paths, who="a run"):
            pass
        with Scratch(qualification_sql(Settings())) as other, reading(other, paths, who="another question"):
            assert as_of(other) == as_of(scratch)


def test_a_home_that_cannot_be_read_says_so(undisturbed: Home, tmp_path: Path) -> None:
    broken = HomePaths(tmp_path / "broken").make()
    broken.warehouse.write_bytes(b"no warehouse")
    shutil.copy(undisturbed.path / "runs.sqlite", broken.run_log)
    with pytest.raises(HomeUnreadable, match="cannot be read"):
        ask_explanation(Settings(home=broken.home), "anybody")
    RunLog(broken).record_build_started(99, datetime(2027, 1, 1), BuildHashes("a", "b", "c"), is_full=True)
    with pytest.raises(HomeUnreadable, match="did not build to its end"):
        ask_explanation(Settings(home=broken.home), "anybody")


def test_dagster_asks_the_same(undisturbed: Home, changed: Path) -> None:
    job = build_defs(Settings(home=undisturbed.path)).resolve_job_def("what_if")
    config = {"file": str(changed / "orthopaedics.yaml"), "since": SINCE}
    done = job.execute_in_process(run_config={"ops": {"try_criteria": {"config": config}}})
    [observed] = [event for event in done.all_events if event.event_type_value == "ASSET_OBSERVATION"]
    shown = observed.event_specific_data.asset_observation.metadata
    assert "Which edit caused what" in str(shown["page"].value)
    assert str(shown["picture"].value).startswith("![MQLs a week](data:image/png;base64,")


def test_the_home_keeps_the_handbook_of_its_criteria(lived: Home) -> None:
    page = (lived.path / "handbook" / "service_lines" / "orthopaedics.md").read_text()
    assert "**Version 3 is in force**" in page
    assert not (lived.path / "notices").exists(), "a first publication announces nothing"
