-- Every merge that is stated at as_of: by the record's own row, or as a former id of another record.
with recursive stated as (
    select
        record_key,
        {{ record_key('id_space', 'merged_into_lead_id') }} as survivor_key,
        valid_from as known_at
    from {{ ref('int_records__versioned') }}
    where merged_into_lead_id is not null and valid_to = {{ end_of_time() }}
    union
    select
        {{ record_key('_id_space', 'id_value') }} as record_key,
        record_key as survivor_key,
        known_at
    from {{ ref('input__identities') }}
    where id_type = 'crm_id' and known_at <= {{ as_of() }}
),

merges as (
    select
        stated.record_key,
        stated.survivor_key,
        min(stated.known_at) as known_at,
        count(survivors.record_key) > 0 as has_survivor
    from stated
    inner join {{ ref('int_records__current') }} as members on stated.record_key = members.record_key
    left join {{ ref('int_records__current') }} as survivors on stated.survivor_key = survivors.record_key
    group by stated.record_key, stated.survivor_key
),

-- A record has one survivor: of several, the one known last, then the greatest key.
chosen as (
    select record_key, survivor_key
    from merges
    where has_survivor
    qualify row_number() over (partition by record_key order by known_at desc, survivor_key desc) = 1
),

walked as (
    select record_key as started_at_key, survivor_key as reached_key from chosen
    union
    select walked.started_at_key, chosen.survivor_key as reached_key
    from walked
    inner join chosen on walked.reached_key = chosen.record_key
)

select
    merges.record_key,
    merges.survivor_key,
    case
        when not merges.has_survivor then 'absent_survivor'
        when chosen.record_key is null then 'superseded'
        when walked.started_at_key is not null then 'cycle'
    end as rejected_reason,
    merges.known_at
from merges
left join chosen on merges.record_key = chosen.record_key and merges.survivor_key = chosen.survivor_key
left join walked on merges.record_key = walked.started_at_key and merges.record_key = walked.reached_key
