-- Sources that share lead ids speak of the same leads: what one of them says of a stage holds for all.
select
    sources.id_space,
    stages.stage,
    case
        when bool_or(stages.is_crm_authority) or stages.stage = 'opportunity' then 'crm_label'
        when stages.stage in ('appointment', 'consult') then 'appointment_record'
        else 'criteria'
    end as basis_group,
    max(coalesce(stages.observed_from, sources.observed_from_all)) as observed_from
from {{ ref('input__sources') }} as sources
inner join {{ ref('input__source_stages') }} as stages on sources.source = stages.source
group by sources.id_space, stages.stage
