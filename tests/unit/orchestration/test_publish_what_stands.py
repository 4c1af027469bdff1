"""Where steps fail, what stands is published once, after every step that could still run has run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration import executing, resources
from orchestration.assets import publication
from orchestration.settings import Settings


class _Run:
    """As much of a run as a failing job needs."""

    def __init__(self, home: Path) -> None:
        self.settings = SimpleNamespace(dbt_manifest=None)
        self.home = SimpleNamespace(dagster=home)
        self.is_historic = False
        self.failures: list[str] = []
        self.failed_steps: list[str] = []
        self.built: set[str] = set()
        self.published: set[str] | None = None
        self.times_published = 0

    def fail(self, message: str) -> None:
        self.failures.append(message)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Run:
    def publish(run: _Run, *, leaves_judged: bool) -> None:
        run.times_published += 1
        run.published = set(run.built)

    tables = [SimpleNamespace(name="dim_leads"), SimpleNamespace(name="fct_touches")]
    monkeypatch.setattr(publication, "published_tables", lambda manifest: tables)
    monkeypatch.setattr(publication, "publish_run", publish)
    return _Run(tmp_path)


def _definitions(run: dg.ResourceDefinition) -> dg.Definitions:
    """Two branches: one fails at its first step, the other builds a table first and fails then."""

    @dg.asset(required_resource_keys={"run"})
    def dim_leads(context: dg.AssetExecutionContext) -> None:
        context.resources.run.built.add("dim_leads")

    @dg.asset(deps=[dim_leads])
    def sent() -> None:
        raise ValueError("the CRM is down")

    @dg.asset(deps=[dim_leads], op_tags={"dagster/priority": "-1"}, required_resource_keys={"run"})
    def fct_touches(context: dg.AssetExecutionContext) -> None:
        context.resources.run.built.add("fct_touches")

    @dg.asset(deps=[fct_touches])
    def for_reports() -> None:
        raise ValueError("a second one")

    jobs = [
        dg.define_asset_job(name, hooks={publication.note_failed_step}, executor_def=dg.in_process_executor)
        for name in ("daily", "routing")
    ]
    assets = [dim_leads, sent, fct_touches, for_reports]
    return dg.Definitions(assets=assets, jobs=jobs, resources={"run": run})


def test_the_command_line_publishes_once_all_that_was_built(run: _Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing, "build_defs", lambda settings, run: _definitions(run))
    assert not executing.execute(run)
    assert (run.published, run.times_published) == ({"dim_leads", "fct_touches"}, 1)
    assert sorted(run.failures) == ["step for_reports failed", "step sent failed"]


@pytest.mark.parametrize(("job", "published"), [("daily", {"dim_leads", "fct_touches"}), ("routing", None)])
def test_a_scheduled_job_publishes_as_its_run_is_closed(
    run: _Run, monkeypatch: pytest.MonkeyPatch, job: str, published: set[str] | None
) -> None:
    @contextmanager
    def open_run(settings: Settings, *, who: str) -> Iterator[_Run]:
        yield run

    monkeypatch.setattr(resources, "open_run", open_run)
    settings = Settings.from_environment()
    definitions = _definitions(resources.run_resource(settings))
    assert not definitions.resolve_job_def(job).execute_in_process(raise_on_error=False).success
    assert run.published == published
    assert len(run.failures) == 2


def test_a_publication_that_fails_is_a_failure_of_the_run(run: _Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(run: _Run, *, leaves_judged: bool) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(publication, "publish_run", publish)
    monkeypatch.setattr(executing, "build_defs", lambda settings, run: _definitions(run))
    assert not executing.execute(run)
    assert run.failures[-1].startswith("what stands was not published: OSError in test_publish_what_stands.py")
