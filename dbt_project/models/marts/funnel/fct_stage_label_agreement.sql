-- A lead is compared once its week can no longer change its mind: the tolerance and seven days after the earlier of both
-- times, whatever came of it. Before that those who agree would stand alone. Of staff and teams only the labels they set
-- are judged: a label that a rule set, or nobody, is no work of theirs.
with compared as (
    select
        compared.source,
        compared.stage,
        {{ dimension('compared.channel') }} as channel,
        case when compared.labelled_at is not null then compared.staff_id end as staff_id,
        {{ dimension('compared.labeller_team_id') }} as team_id,
        compared.verdict,
        {{ monday_of('least(compared.labelled_at, compared.decided_at)') }} as week_date,
        {{ add_seconds('least(compared.labelled_at, compared.decided_at)', 'compared.tolerance_seconds + 7 * 86400') }}
        < {{ as_of() }} as is_settled
    from {{ ref('int_stage_labels__compared') }} as compared
    where not compared.is_deleted and compared.excluded_by is null and {{ label_is_expected('compared') }}
),

seen as (
    {% for dimension, value in [
        ('all', "'all'"), ('source', 'source'), ('staff', 'staff_id'), ('team', 'team_id'), ('channel', 'channel')
    ] %}
    select '{{ dimension }}' as dimension, {{ value }} as dimension_value, stage, verdict, is_settled, week_date
    from compared
    {{ "where staff_id is not null" if dimension in ('staff', 'team') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

counted as (
    select
        dimension,
        dimension_value,
        stage,
        count(case when is_settled then 1 end) as compared_count,
        count(case when not is_settled then 1 end) as unsettled_count,
        {% for verdict in ['agreed', 'labelled_too_early', 'labelled_too_late', 'labelled_without_evidence', 'missed'] %}
        count(case when is_settled and verdict = '{{ verdict }}' then 1 end) as {{ verdict | replace('labelled_', '') }}_count,
        {% endfor %}
        week_date
    from seen
    group by dimension, dimension_value, stage, week_date
)

select
    dimension,
    dimension_value,
    stage,
    week_date,
    compared_count,
    unsettled_count,
    agreed_count,
    {{ rate_columns('agreement_rate', 'agreed_count', 'compared_count') }},
    too_early_count,
    too_late_count,
    without_evidence_count,
    missed_count
from counted
