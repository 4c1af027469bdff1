{# Should two batches hold one decision, the first stands. #}
select
    landed.lead_key,
    landed.record_key,
    cast(landed.route_no as integer) as route_no,
    landed.team_id,
    landed.staff_id,
    landed.queue,
    cast(landed.priority as integer) as priority,
    landed.reasons,
    cast(landed.sla_due_at as timestamp) as sla_due_at,
    landed.deciding_constraint,
    landed.told,
    -- Empty on routes landed before it was told.
    landed.is_without_score,
    cast(landed.routed_as_of as timestamp) as routed_as_of,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'earlier_routes', has_grown = true) }} as landed
qualify row_number() over (partition by landed.record_key, landed.route_no order by landed.routed_as_of, landed._batch_id) = 1
