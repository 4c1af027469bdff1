{% set bases = ['criteria', 'staff_confirmed', 'self_scheduled', 'crm_label'] %}

-- Credits of all counted leads, one row per model: a lead without touches is credited to nothing.
with counted as (
    select
        leads.lead_key,
        {{ local_date('leads.created_at', 'coalesce(offsets.offset_seconds, 0)') }} as created_date,
        case when staged.became_mql_at is not null then 1 else 0 end as is_mql,
        case when staged.became_sql_at is not null then 1 else 0 end as is_sql_stage,
        {% for basis in bases %}
        case when staged.sql_basis = '{{ basis }}' then 1 else 0 end as is_sql_{{ basis }},
        {% endfor %}
        case when versions.criteria_version is not null then 1 else 0 end as is_sql_by_new_version,
        case when staged.appointment_booked_at is not null then 1 else 0 end as is_appointment,
        case when staged.consult_held_at is not null then 1 else 0 end as is_consult,
        case when leads.created_at < authorities.observed_from then authorities.observed_from end as observed_from
    from {{ ref('int_leads__current') }} as leads
    inner join {{ ref('int_leads__staged') }} as staged on leads.lead_key = staged.lead_key
    left join {{ ref('input__criteria_versions') }} as versions
        on staged.sql_criteria_version = versions.criteria_version and staged.became_sql_at = versions.effective_from
    left join {{ ref('int_stage_authorities__set') }} as authorities
        on leads.id_space = authorities.id_space and authorities.stage = 'sql'
    left join {{ ref('input__timezone_offsets') }} as offsets
        on
            leads.timezone = offsets.timezone
            and leads.created_at >= offsets.utc_from
            and leads.created_at < offsets.utc_to
    where not leads.is_deleted and leads.excluded_by is null
),

credits as (
    {% for model in ['first', 'last', 'linear', 'position'] %}
    select
        '{{ model }}' as attribution_model,
        lead_key,
        platform,
        channel,
        campaign_id,
        {{ model }}_micro_credits as micro_credits
    from {{ ref('int_leads__credited') }}
    union all
    select
        '{{ model }}' as attribution_model,
        counted.lead_key,
        '(none)' as platform,
        '(none)' as channel,
        '(none)' as campaign_id,
        1000000 as micro_credits
    from counted
    anti join {{ ref('int_leads__credited') }} as credited on counted.lead_key = credited.lead_key
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    credits.attribution_model,
    credits.platform,
    credits.channel,
    credits.campaign_id,
    counted.created_date,
    cast(sum(credits.micro_credits) as bigint) as lead_micro_credits,
    cast(sum(credits.micro_credits * counted.is_mql) as bigint) as mql_micro_credits,
    cast(sum(credits.micro_credits * counted.is_sql_stage) as bigint) as sql_micro_credits,
    {% for part in bases + ['by_new_version'] %}
    cast(sum(credits.micro_credits * counted.is_sql_{{ part }}) as bigint) as sql_{{ part }}_micro_credits,
    {% endfor %}
    cast(sum(credits.micro_credits * counted.is_appointment) as bigint) as appointment_micro_credits,
    cast(sum(credits.micro_credits * counted.is_consult) as bigint) as consult_micro_credits,
    max(counted.observed_from) as observed_from
from credits
inner join counted on credits.lead_key = counted.lead_key
where credits.micro_credits > 0
group by credits.attribution_model, credits.platform, credits.channel, credits.campaign_id, counted.created_date
