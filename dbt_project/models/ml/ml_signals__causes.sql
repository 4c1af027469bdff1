-- A lead without a value stands among the rest; of what the CRM or a rule of fit asks, not told is a value of its own.
with mqls as (
    select
        steps.lead_key,
        entered.record_key,
        entered.criteria_version,
        {{ beside_all('steps.service_line') }} as service_line,
        steps.channel,
        steps.campaign_id,
        steps.team_id,
        leads.landing_page,
        entered.became_at as became_mql_at,
        {{ horizon_end('entered.became_at') }} as horizon_ends_at,
        least({{ horizon_end('entered.became_at') }}, steps.converted_at) as until_at,
        coalesce(steps.converted_at <= {{ horizon_end('entered.became_at') }}, false) as is_converted
    from {{ ref('int_funnel_steps__entered') }} as steps
    inner join {{ ref('int_leads__entered') }} as entered on steps.lead_key = entered.lead_key and entered.stage = 'mql'
    inner join {{ ref('int_leads__current') }} as leads on steps.lead_key = leads.lead_key
    where
        steps.step = 'mql_to_sql' and steps.observed_from is null
        and {{ horizon_end('entered.became_at') }} <= {{ as_of() }}
),

-- What the rules of fit ask about; of what a lead's own row says, its channel stands for it.
asked as (
    select distinct name
    from {{ ref('input__criteria_rules') }}
    where section = 'fit' and kind = 'attribute' and name not in ('channel', 'platform', 'campaign_id', 'location_id')
),

counted_touches as (
    select mqls.lead_key, owned.offer_id, owned.form_id
    from mqls
    inner join {{ ref('int_qualification_evidence__collected') }} as evidence
        on mqls.record_key = evidence.record_key and mqls.became_mql_at = evidence.decided_at and evidence.stage = 'mql'
    inner join {{ ref('int_touches__owned') }} as owned
        on
            evidence.record_key = owned.record_key
            and evidence.row_source = owned.source and evidence.source_id = owned.touch_id
            and evidence.decided_at >= owned.valid_from and evidence.decided_at < owned.valid_to
    where evidence.source_kind = 'touch'
),

held as (
    select distinct mqls.lead_key, held.criteria_version, held.rule_id
    from {{ ref('int_eligibility_rules__held') }} as held
    inner join {{ ref('int_records__merged') }} as merged on held.record_key = merged.record_key
    inner join mqls on merged.lead_key = mqls.lead_key and mqls.until_at > held.held_from
),

-- Who had booked, was disqualified or had withdrawn when handed over was nobody's to call.
to_call as (
    select timed.*
    from {{ ref('int_handoffs__timed') }} as timed
    inner join {{ ref('int_sources__observed') }} as observed on timed.id_space = observed.id_space and observed.has_work_events
    anti join {{ ref('int_handoffs__censored') }} as censored on timed.lead_key = censored.lead_key and timed.handed_off_at >= censored.censored_at
),

found as (
    select lead_key, 'audience' as cause, 'channel' as dimension, channel as value from mqls
    union all
    select mqls.lead_key, 'audience', asked.name, {{ dimension('facts.value') }}
    from mqls
    cross join asked
    left join {{ ref('int_mql_facts__known') }} as facts
        on mqls.record_key = facts.record_key and facts.kind = 'attribute' and asked.name = facts.name
    union all
    select distinct lead_key, 'offer', 'offer_id', offer_id from counted_touches where offer_id is not null
    union all
    select distinct lead_key, 'form', 'form_id', form_id from counted_touches where form_id is not null
    union all
    select lead_key, 'message', 'campaign_id', campaign_id from mqls where campaign_id <> '(none)'
    union all
    select lead_key, 'message', 'landing_page', landing_page from mqls where landing_page is not null
    union all
    select mqls.lead_key, 'signal', 'rule of ' || followed.criteria_version, followed.rule_id
    from mqls
    left join {{ ref('int_mql_rules__followed') }} as followed
        on mqls.lead_key = followed.lead_key and followed.section = 'behaviour'
    where mqls.criteria_version in {{ versions_in_force() }}
    union all
    select mqls.lead_key, 'qualification_question', 'rule of ' || mqls.criteria_version, held.rule_id
    from mqls
    left join held on mqls.lead_key = held.lead_key and mqls.criteria_version = held.criteria_version
    where mqls.criteria_version is not null
    union all
    select lead_key, 'routing', 'team_id', team_id from mqls where team_id <> '(none)'
    union all
    select mqls.lead_key, 'follow_up', 'first_attempt', case when coalesce(to_call.first_attempted_at > mqls.horizon_ends_at, true) then 'never tried' end
    from mqls
    inner join to_call on mqls.lead_key = to_call.lead_key
    union all
    select mqls.lead_key, 'follow_up', 'first_contact', {{ contact_band('to_call.business_minutes_to_contact') }}
    from mqls
    inner join to_call on mqls.lead_key = to_call.lead_key and mqls.until_at >= to_call.first_contacted_at
)

select mqls.service_line, found.cause, found.dimension, found.value, found.lead_key, mqls.is_converted
from found
inner join mqls on found.lead_key = mqls.lead_key
