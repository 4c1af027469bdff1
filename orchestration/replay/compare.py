"""Decisions in force beside those of a replay, lead by lead, with what became of each lead since.

Only puts side by side what the home and the scratch hold; what it amounts to is `models_ml.what_if`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from orchestration.replay.scratch import DECISIONS, EVIDENCE, Scratch, trimmed

# A correction of what is shown beside a decision is none: what decides must be equal, to the last micro-point.
_DECIDED = """
    record_key, stage, criteria_version, basis, qualifies, fit_micro_points, behaviour_micro_points, decided_at
"""
_PROVED = "record_key, stage, decided_at, rule_id, source_kind, row_source, source_id, micro_points"


def differing_rows(scratch: Scratch) -> int:
    """How many decisions and rows of evidence of the chosen records only one of home and scratch has."""
    count = 0
    for relation, columns in ((DECISIONS, _DECIDED), (EVIDENCE, _PROVED)):
        both = (
            f"(select {columns} from home.{relation} semi join chosen using (record_key))",
            f"(select {columns} from {relation})",
        )
        for one, other in (both, both[::-1]):
            count += scratch.rows(f"select count(*) as n from ({one} except all {other})")[0]["n"]
    return count


# Where the CRM's label decides a stage, the criteria change nothing: such leads are counted apart.
_LEADS = f"""
with before as (
    select record_key, stage, min(decided_at) as decided_at
    from home.{DECISIONS} where qualifies and stage in ('mql', 'sql') group by all
),

after as (
    select record_key, stage, min(decided_at) as decided_at
    from {DECISIONS} where qualifies and stage in ('mql', 'sql') group by all
    union all
    select * from before anti join chosen using (record_key)
),

members as (
    select merged.lead_key, merged.record_key
    from home.intermediate.int_records__merged as merged
    where merged.lead_key in (
        select named.lead_key from home.intermediate.int_records__merged as named semi join chosen using (record_key)
    )
),

moments as (
    select
        members.lead_key,
        min(before.decided_at) filter (before.stage = 'mql') as mql_before,
        min(before.decided_at) filter (before.stage = 'sql') as sql_before
    from members left join before using (record_key) group by all
),

moments_after as (
    select
        members.lead_key,
        min(after.decided_at) filter (after.stage = 'mql') as mql_after,
        min(after.decided_at) filter (after.stage = 'sql') as sql_after
    from members left join after using (record_key) group by all
),

languages as (
    select record_key as lead_key, last(value order by valid_from) as language
    from home.intermediate.int_attributes__versioned where name = 'language' group by all
),

authorities as (
    select
        id_space,
        bool_or(stage = 'mql' and basis_group = 'crm_label') as is_mql_labelled,
        bool_or(stage = 'sql' and basis_group = 'crm_label') as is_sql_labelled
    from home.intermediate.int_stage_authorities__set group by all
)

select
    leads.lead_key,
    leads.lead_id,
    coalesce(leads.channel, '(none)') as channel,
    coalesce(leads.location_id, '(none)') as location_id,
    coalesce(languages.language, '(none)') as language,
    coalesce(authorities.is_mql_labelled, false) as is_mql_labelled,
    coalesce(authorities.is_sql_labelled, false) as is_sql_labelled,
    moments.mql_before,
    moments_after.mql_after,
    moments.sql_before,
    moments_after.sql_after,
    staged.became_sql_at,
    staged.appointment_booked_at,
    worked.first_worked_at
from moments
inner join moments_after using (lead_key)
inner join home.intermediate.int_leads__current as leads using (lead_key)
inner join home.intermediate.int_leads__staged as staged using (lead_key)
left join languages using (lead_key)
left join authorities on leads.id_space = authorities.id_space
left join (
    select lead_key, min(occurred_at) as first_worked_at
    from home.intermediate.int_contacts__made group by all
) as worked using (lead_key)
where
    leads.excluded_by is null and not leads.is_deleted
    and coalesce(moments.mql_before, moments_after.mql_after, moments.sql_before, moments_after.sql_after) is not null
order by leads.lead_key
"""


def lead_frame(scratch: Scratch) -> pd.DataFrame:
    """One row per lead that is MQL or SQL either way: when, before and after, and what is recorded of it.

    Columns: lead_key, lead_id, channel, location_id, language, is_mql_labelled, is_sql_labelled, mql_before,
    mql_after, sql_before, sql_after, became_sql_at, appointment_booked_at, first_worked_at; times naive UTC.
    """
    return scratch.connection.execute(_LEADS).df()


MQL_DECIDED = "intermediate.int_mql_records__decided"


def mql_leads(scratch: Scratch) -> set[str]:
    """Leads of the records decided last that are MQL and stand in the figures."""
    found = scratch.rows(f"""
        select distinct leads.lead_key from {MQL_DECIDED} as decided
        inner join home.intermediate.int_records__merged as merged on decided.record_key = merged.record_key
        inner join home.intermediate.int_leads__current as leads on merged.lead_key = leads.lead_key
        where decided.qualifies and leads.excluded_by is null and not leads.is_deleted
            and leads.id_space not in (
                select id_space from home.intermediate.int_stage_authorities__set
                where stage = 'mql' and basis_group = 'crm_label'
            )""")
    return {row["lead_key"] for row in found}


def kept_out(rule: dict[str, Any], records: str) -> str:
    """A query for those of `records` that have a touch of the rule's signal in another channel than it names."""
    quoted = ["'" + str(text).replace("'", "''") + "'" for text in (rule["name"], *rule["channels"])]
    return (
        "select record_key from home.intermediate.int_touches__owned "
        f"where {trimmed('signal')} = {quoted[0]} "
        f"and coalesce({trimmed('channel')} not in ({', '.join(quoted[1:])}), true) "
        f"and record_key in ({records})"
    )


_HANDLING = """
with gaps as (
    select
        epoch(occurred_at - lag(occurred_at) over (partition by source, staff_id order by occurred_at)) / 60 as minutes
    from home.intermediate.int_contacts__made where staff_id is not null
)

select median(minutes) as minutes, count(*) as n from gaps where minutes > 0 and minutes <= 60
"""
_ATTEMPTS = f"""
select avg(n) as attempts from (
    select mql.record_key, count(made.event_id) as n
    from home.{DECISIONS} as mql
    semi join chosen on mql.record_key = chosen.record_key
    left join home.intermediate.int_contacts__made as made
        on
            mql.record_key = made.record_key
            and made.occurred_at >= mql.decided_at
            and made.occurred_at <= mql.decided_at + to_days(?)
    where mql.stage = 'mql' and mql.qualifies and mql.decided_at >= ? group by all
)
"""


def handling(scratch: Scratch, since: datetime, horizon_days: int) -> tuple[float | None, float | None, int]:
    """Minutes of one contact as observed, contacts per MQL since it was one, and the gaps the minutes come from.

    A contact's minutes are the median time from one thing a member of staff did to the next, where that is at most an
    hour: work events have a beginning and no end.
    """
    gaps = scratch.rows(_HANDLING)[0]
    attempts = scratch.rows(_ATTEMPTS, [horizon_days, since])[0]["attempts"]
    return gaps["minutes"], attempts, gaps["n"]
