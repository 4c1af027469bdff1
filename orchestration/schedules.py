"""The two rhythms. A tick that finds another run at work skips: what it would have done, the next one does."""

import dagster as dg

from orchestration.lake.lease import lease_holder
from orchestration.settings import Settings

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def reason_to_skip(settings: Settings, instance: dg.DagsterInstance) -> str | None:
    """Why nothing may start now: no registry, a held lease, or a run that is waiting already."""
    if settings.sources is None:
        return "HANDOFF_SOURCES names no registry"
    holder = lease_holder(settings.paths)
    if holder is not None:
        return str(holder)
    if instance.get_runs_count(dg.RunsFilter(statuses=_UNFINISHED)):
        return "a run is waiting or under way"
    return None


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Intake every five minutes, daily at three, reconciliation before it."""
    return [
        _schedule(settings, "intake", "*/5 * * * *", "Only what is new, from landing to the CRM."),
        _schedule(settings, "daily", "0 3 * * *", "Everything, with training."),
        _schedule(settings, "reconcile", "30 2 * * *", "Reads back all that was written to CRMs."),
    ]


def _schedule(settings: Settings, job: str, cron: str, description: str) -> dg.ScheduleDefinition:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        reason = reason_to_skip(settings, context.instance)
        return dg.SkipReason(reason) if reason else dg.RunRequest(tags={"rhythm": job})

    return dg.ScheduleDefinition(
        name=f"{job}_rhythm",
        job_name=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description=description,
        execution_fn=tick,
    )
