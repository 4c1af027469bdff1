-- Written, unchanged, conflicting, rejected, gone, archived, merged, unverified, waiting, in shadow: together all wanted.
select destination, batch_id, sum(record_count) as record_count, max(wanted_count) as wanted_count
from {{ ref('fct_crm_sync_states') }}
group by destination, batch_id
having sum(record_count) <> max(wanted_count)
