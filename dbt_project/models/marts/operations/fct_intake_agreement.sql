-- Each member's first answer; of a lead the first two members. What a member says again, or a third one, is not chance.
with judged as (
    select
        contacts.lead_key,
        contacts.staff_source,
        contacts.staff_id,
        {{ dimension('contacts.team_id') }} as team_id,
        {{ trimmed('contacts.outcome') }} = 'qualified' as is_qualified,
        contacts.occurred_at,
        contacts.source,
        contacts.event_id
    from {{ ref('int_contacts__made') }} as contacts
    inner join {{ ref('int_leads__current') }} as leads
        on contacts.lead_key = leads.lead_key and not leads.is_deleted and leads.excluded_by is null
    where
        contacts.kind = 'screening'
        and {{ trimmed('contacts.outcome') }} in ('qualified', 'not_qualified')
        and contacts.staff_id is not null
),

firsts as (
    select *
    from judged
    qualify row_number() over (partition by lead_key, staff_source, staff_id order by occurred_at, source, event_id) = 1
),

placed as (
    select
        firsts.*,
        row_number() over (partition by lead_key order by occurred_at, source, event_id) as place
    from firsts
),

pairs as (
    select
        case when one.team_id = other.team_id then one.team_id else '(several)' end as team_id,
        case when one.is_qualified then 1 else 0 end + case when other.is_qualified then 1 else 0 end as qualified_answers
    from placed as one
    inner join placed as other on one.lead_key = other.lead_key
    where one.place = 1 and other.place = 2
),

counted as (
    select
        team_id,
        count(*) as pair_count,
        count(case when qualified_answers = 2 then 1 end) as yes_count,
        count(case when qualified_answers = 1 then 1 end) as apart_count,
        count(case when qualified_answers = 0 then 1 end) as no_count
    from (
        select {{ beside_all('team_id') }} as team_id, qualified_answers from pairs
        union all
        select 'all' as team_id, qualified_answers from pairs
    ) as viewed
    group by team_id
)

select
    team_id,
    pair_count,
    yes_count + no_count as agreed_count,
    yes_count as both_qualified_count,
    no_count as both_not_qualified_count,
    {{ rate_columns('agreement_rate', '(yes_count + no_count)', 'pair_count') }},
    kappa,
    kappa_low,
    kappa_high
from {{ scott_kappas('counted') }} as agreed
