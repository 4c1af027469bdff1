{% set key = ['stage', 'service_line', 'team_id'] %}
{% set counts = ['entered_count', 'left_forward_count', 'left_disqualified_count', 'left_backward_count'] %}
{% set all_left = '(left_forward_count + left_disqualified_count + left_backward_count)' %}

-- Days and groups are numbers here. The last day is the latest local date on which as_of falls.
with ends as (
    select max({{ day_number(local_date(as_of(), 'coalesce(offsets.offset_seconds, 0)')) }}) as last_day
    from (select distinct timezone from {{ ref('int_leads__current') }}) as zones
    left join {{ ref('input__timezone_offsets') }} as offsets
        on zones.timezone = offsets.timezone and offsets.utc_from <= {{ as_of() }} and offsets.utc_to > {{ as_of() }}
),

groups as (
    select {{ key | join(', ') }}, row_number() over (order by {{ key | join(', ') }}) as group_no
    from (select distinct {{ key | join(', ') }} from {{ ref('int_stages__stayed') }}) as grouped
),

stays as (
    select
        group_no, lead_key, stay_no, left_how, {{ day_number('entered_date') }} as entered_day, {{ day_number('left_date') }} as left_day
    from {{ ref('int_stages__stayed') }}
    inner join groups using ({{ key | join(', ') }})
),

flows as (
    select
        group_no, day,
        count(case when left_how = 'entered' then 1 end) as entered_count,
        {% for how in ['forward', 'disqualified', 'backward'] %}
        count(case when left_how = '{{ how }}' then 1 end) as left_{{ how }}_count,
        {% endfor %}
        count(case when is_there_still then 1 end) as staying_count
    from (
        select group_no, entered_day as day, 'entered' as left_how, left_day is null as is_there_still from stays
        union all
        select group_no, left_day, left_how, false from stays where left_day is not null
    ) as moves
    group by group_no, day
),

days as (
    select group_no, {{ each_number('first_day', 'last_day + 1') }} as day
    from (select group_no, min(day) as first_day from flows group by group_no) as begun
    cross join ends
),

stocks as (
    select
        group_no, day,
        {% for name in counts %}
        coalesce({{ name }}, 0) as {{ name }},
        {% endfor %}
        cast(sum(coalesce(entered_count - {{ all_left }}, 0)) over upto as bigint) as closing_count,
        sum(coalesce(staying_count, 0)) over upto as staying_count
    from days
    left join flows using (group_no, day)
    window upto as (partition by group_no order by day)
),

-- A stock is what left later, a row for each day it was there, and what is there still, numbered once.
passing as (
    select group_no, day, entered_day, sum(count(*)) over (partition by group_no, day order by entered_day) as upto_count
    from (select group_no, entered_day, {{ each_number('entered_day', 'left_day') }} as day from stays) as spent
    group by group_no, day, entered_day
),

staying as (
    select group_no, entered_day, row_number() over (partition by group_no order by entered_day, lead_key, stay_no) as place
    from stays
    where left_day is null
),

-- The middle: of those that left later, how many are older, and from which day on their like are not.
halves as (
    select
        group_no, stocks.day,
        max(case when 2 * (passing.upto_count + earlier.staying_count) <= stocks.closing_count then passing.upto_count end) as older_count,
        min(case when 2 * (passing.upto_count + earlier.staying_count) > stocks.closing_count then passing.entered_day end) as middle_day
    from passing
    inner join stocks using (group_no, day)
    left join (select entries.group_no, entries.day as entered_day, entries.staying_count from stocks as entries) as earlier using (group_no, entered_day)
    group by group_no, stocks.day
),

middles as (
    select stocks.*, middle_day, cast(floor(closing_count / 2) as bigint) + 1 - coalesce(older_count, 0) as place
    from stocks left join halves using (group_no, day)
)

select
    {{ key | join(', ') }},
    closing_count - entered_count + {{ all_left }} as opening_count,
    {{ counts | join(', ') }},
    closing_count,
    case when closing_count > 0 then day - least(staying.entered_day, middle_day) end as median_age_days,
    {{ add_days("date '1970-01-01'", 'day') }} as pipeline_date
from middles
inner join groups using (group_no)
left join staying using (group_no, place)
where closing_count > 0 or entered_count + {{ all_left }} > 0
