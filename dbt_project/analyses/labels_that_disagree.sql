-- Where do the CRM's labels and the criteria disagree, and about how many leads? What still stands is worth a look.
select
    source,
    stage,
    kind,
    count(*) as conflict_count,
    count(case when is_mere_interest then 1 end) as mere_interest_count,
    count(case when is_open then 1 end) as open_count
from {{ ref('fct_stage_label_conflicts') }}
where not is_deleted and excluded_by is null
group by source, stage, kind
order by conflict_count desc, source, stage, kind
