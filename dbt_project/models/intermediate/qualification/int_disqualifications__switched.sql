{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Two reasons, each on or off: the latest screening rejected, or an eligibility rule fails. The first is asked when a
  screening comes or goes, the second at every row of the record; a version that begins asks neither.
#}
with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

screenings as (
    select * from {{ ref('int_screenings__spanned') }} where {{ touched_only('record_key') }}
),

screened_moments as (
    select changes.record_key, spans.criteria_version, greatest(changes.changed_at, spans.effective_at) as moment
    from (
        select record_key, valid_from as changed_at from screenings
        union
        select record_key, valid_to as changed_at from screenings where valid_to <= {{ as_of() }}
    ) as changes
    inner join spans
        on
            changes.record_key = spans.record_key
            and greatest(changes.changed_at, spans.effective_at) >= spans.valid_from
            and greatest(changes.changed_at, spans.effective_at) < spans.valid_to
    group by changes.record_key, spans.criteria_version, greatest(changes.changed_at, spans.effective_at)
),

screened as (
    select
        moments.record_key,
        moments.criteria_version,
        moments.moment,
        max(case screenings.outcome when 'not_qualified' then screenings.valid_from end) as rejected_at,
        max(case screenings.outcome when 'qualified' then screenings.valid_from end) as accepted_at
    from screened_moments as moments
    left join screenings
        on
            moments.record_key = screenings.record_key
            and moments.moment >= screenings.valid_from
            and moments.moment < screenings.valid_to
    group by moments.record_key, moments.criteria_version, moments.moment
),

answers as (
    select
        record_key,
        criteria_version,
        'screening' as cause,
        coalesce(rejected_at >= accepted_at, rejected_at is not null) as is_on,
        moment
    from screened

    union all

    select
        swept.record_key,
        swept.criteria_version,
        'eligibility' as cause,
        not swept.is_eligible as is_on,
        swept.moment
    from {{ ref('int_qualification_moments__swept') }} as swept
    left join {{ ref('int_mql_records__decided') }} as mql on swept.record_key = mql.record_key and mql.qualifies
    where
        swept.is_row
        and (swept.is_eligible or (swept.is_failing and (swept.has_fired or mql.decided_at <= swept.moment)))
        and {{ touched_only('swept.record_key') }}
)

select record_key, cause, criteria_version, is_on, moment as switched_at
from answers
qualify is_on <> coalesce(lag(is_on) over (partition by record_key, cause order by moment), false)
