{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with first_moments as (
    select swept.record_key, swept.span_no, swept.criteria_version, swept.moment
    from {{ ref('int_qualification_moments__swept') }} as swept
    where swept.is_eligible and swept.is_ready and {{ touched_only('swept.record_key') }}
    qualify row_number() over (partition by swept.record_key order by swept.moment) = 1
),

-- Of each part the earliest firing that stands; staff before lead before everything else on a tie.
standing as (
    select
        first_moments.record_key,
        first_moments.criteria_version,
        first_moments.moment,
        parts.rule_id,
        parts.part_no,
        parts.part_count,
        parts.source_kind,
        parts.row_source,
        parts.source_id,
        parts.basis_rank,
        parts.occurred_at,
        parts.known_at,
        parts.fired_at
    from first_moments
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on first_moments.record_key = spans.record_key and first_moments.span_no = spans.span_no
    inner join {{ ref('int_readiness_parts__fired') }} as parts
        on
            first_moments.record_key = parts.record_key
            and first_moments.criteria_version = parts.criteria_version
            and first_moments.moment >= parts.valid_from
            and first_moments.moment < parts.valid_to
            and {{ lines_agree('parts.touch_service_line', 'spans.service_line') }}
    qualify row_number() over (
        partition by first_moments.record_key, parts.rule_id, parts.part_no
        order by parts.fired_at, parts.basis_rank, parts.source_kind, parts.source_id, parts.row_source
    ) = 1
),

items as (
    select
        standing.*,
        count(*) over (partition by record_key, rule_id) as standing_parts,
        max(fired_at) over (partition by record_key, rule_id) as item_fired_at,
        min(basis_rank) over (partition by record_key, rule_id) as item_basis_rank
    from standing
)

select
    record_key,
    criteria_version,
    rule_id,
    part_no,
    source_kind,
    row_source,
    source_id,
    case
        first_value(item_basis_rank) over (
            partition by record_key order by item_fired_at, item_basis_rank, rule_id, part_no
        )
        when 1 then 'staff_confirmed'
        when 2 then 'self_scheduled'
        else 'criteria'
    end as basis,
    occurred_at,
    known_at,
    moment as decided_at
from items
where standing_parts = part_count
