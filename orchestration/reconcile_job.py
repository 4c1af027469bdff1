"""The job that reads back all that was written to CRMs and finds what others changed."""

import dagster as dg

from orchestration.assets.crm_sync import reconcile_all
from orchestration.runs import Run


def reconcile_job() -> dg.JobDefinition:
    """Reconciliation of every destination that is not paused; what it finds lands, and shows with the next run."""

    @dg.op
    def read_back(context: dg.OpExecutionContext, run: dg.ResourceParam[Run]) -> None:
        found = reconcile_all(context, run)
        context.add_output_metadata(found)
        if run.failures:
            raise dg.Failure("; ".join(run.failures))

    @dg.job(
        name="reconcile",
        executor_def=dg.in_process_executor,
        description="Read back all that was written to CRMs; report, restore or leave what others changed.",
    )
    def reconcile() -> None:
        read_back()

    return reconcile
