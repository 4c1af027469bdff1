-- Of merged records all screenings count together, as those of one record do: rejected while the latest one rejects.
with merged as (
    select
        members.lead_key,
        members.record_key,
        records.effective_at
    from {{ ref('int_records__merged') }} as members
    inner join {{ ref('int_records__current') }} as records on members.record_key = records.record_key
    qualify count(*) over (partition by members.lead_key) > 1
),

screenings as (
    select
        merged.lead_key,
        screenings.outcome,
        greatest(screenings.valid_from, merged.effective_at) as valid_from,
        screenings.valid_to
    from {{ ref('int_screenings__spanned') }} as screenings
    inner join merged on screenings.record_key = merged.record_key
    semi join {{ ref('int_record_criteria__spanned') }} as spans on screenings.record_key = spans.record_key
    where greatest(screenings.valid_from, merged.effective_at) < screenings.valid_to
),

moments as (
    select lead_key, valid_from as moment from screenings
    union
    select lead_key, valid_to as moment from screenings where valid_to <= {{ as_of() }}
),

answered as (
    select
        moments.lead_key,
        moments.moment,
        max(case when screenings.outcome = 'not_qualified' then screenings.valid_from end) as rejected_at,
        max(case when screenings.outcome = 'qualified' then screenings.valid_from end) as accepted_at
    from moments
    left join screenings
        on
            moments.lead_key = screenings.lead_key
            and moments.moment >= screenings.valid_from
            and moments.moment < screenings.valid_to
    group by moments.lead_key, moments.moment
),

judged as (
    select
        lead_key,
        coalesce(rejected_at >= accepted_at, rejected_at is not null) as is_on,
        moment as switched_at
    from answered
)

select
    lead_key,
    is_on,
    switched_at
from judged
qualify is_on <> coalesce(lag(is_on) over (partition by lead_key order by switched_at), false)
