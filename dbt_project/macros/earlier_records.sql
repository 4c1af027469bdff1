{#
  Of each record its earlier ones, as known at its MQL moment: other records that were said by then to be the same
  person's, merged either way, and are older. What is merged later says nothing; an un-merge by then takes it back.
  `records` is a relation of record versions with became_mql_at.
#}
{% macro earlier_records(records) -%}
    select
        said.record_key,
        count(*) as earlier_record_count,
        min(other.created_at) as created_at
    from (
        select record_key, became_mql_at, created_at, {{ record_key('id_space', 'merged_into_lead_id') }} as other_key
        from {{ records }}
        where merged_into_lead_id is not null
        union
        select own.record_key, own.became_mql_at, own.created_at, other.record_key
        from {{ records }} as own
        inner join {{ ref('int_records__versioned') }} as other
            on
                own.record_key = {{ record_key('other.id_space', 'other.merged_into_lead_id') }}
                and own.became_mql_at >= other.valid_from
                and own.became_mql_at < other.valid_to
        union
        select own.record_key, own.became_mql_at, own.created_at, {{ record_key('link._id_space', 'link.id_value') }}
        from {{ records }} as own
        inner join {{ ref('input__identities') }} as link
            on own.record_key = link.record_key and link.id_type = 'crm_id' and own.became_mql_at >= link.known_at
        union
        select own.record_key, own.became_mql_at, own.created_at, link.record_key
        from {{ records }} as own
        inner join {{ ref('input__identities') }} as link
            on
                own.record_key = {{ record_key('link._id_space', 'link.id_value') }}
                and link.id_type = 'crm_id'
                and own.became_mql_at >= link.known_at
    ) as said
    inner join {{ ref('int_records__versioned') }} as other
        on
            said.other_key = other.record_key
            and said.became_mql_at >= other.valid_from
            and said.became_mql_at < other.valid_to
    where said.record_key <> said.other_key and said.created_at > other.created_at
    group by said.record_key
{%- endmacro %}
