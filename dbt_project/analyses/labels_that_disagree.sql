-- Where do the CRM's labels and the criteria disagree, by whom, and about how many leads? What still stands is worth a look.
-- Staff are who set the label; of one that is missed, who first worked the lead. kind_count and staff_count are totals.
select
    source,
    stage,
    kind,
    role,
    staff_id,
    count(*) as conflict_count,
    count(case when is_mere_interest then 1 end) as mere_interest_count,
    count(case when is_open then 1 end) as open_count,
    sum(count(*)) over (partition by source, stage, kind) as kind_count,
    sum(count(*)) over (partition by source, staff_id) as staff_count
from {{ ref('fct_stage_label_conflicts') }}
where not is_deleted and excluded_by is null
group by source, stage, kind, role, staff_id
order by kind_count desc, source, stage, kind, conflict_count desc, role, staff_id
