{#
  From the reports of an advertising platform to what a campaign cost on a day, in versions.

  A landed row is one unit of a report (an ad, a device, … on a day) and may be restated or withdrawn by a later run; so
  may what says which campaign an ad belongs to and what that campaign is called. A campaign's day is a sum over units:
  it has a version at each step at which one of them, or a name, changed. Steps follow the order of landing alone,
  two to a run: what was new of a unit (2 × run), then what was restated of it within the same run (2 × run + 1). So
  what a run adds never changes what was said of an earlier one, and what is appended equals what a full build makes.
#}

{% macro first_step_of_run(batch_id = '_batch_id') -%}
    (2 * cast(substr({{ batch_id }}, 1, 8) as bigint))
{%- endmacro %}

{#
  The newest thing a history says of a key, in spans of steps: of rows landed by a step the one changed last holds.
  `rows` is a CTE with the keys, `columns`, changed_at and lineage. A span begins only where a column changes.
#}
{% macro told_spans(rows, keys, columns) -%}
    {%- set key_list = keys | join(', ') -%}
    (
        with held as (
            select *, {{ first_step_of_run() }} as step
            from {{ rows }}
            qualify row_number() over (
                partition by {{ key_list }}, {{ first_step_of_run() }}
                order by changed_at desc, _batch_id desc, _row_no desc
            ) = 1
        ),

        newest as (
            select
                held.*,
                max(changed_at) over (
                    partition by {{ key_list }} order by step rows between unbounded preceding and 1 preceding
                ) as changed_before
            from held
        ),

        compared as (
            select
                newest.*,
                {{ canonical_text(columns) }} as _said,
                lag({{ canonical_text(columns) }}) over (partition by {{ key_list }} order by step) as _said_before
            from newest
            where changed_before is null or changed_at >= changed_before
        )

        select
            compared.* except (_said, _said_before, changed_before, step),
            step as from_step,
            lead(step) over (partition by {{ key_list }} order by step) as until_step
        from compared
        where _said is distinct from _said_before
    )
{%- endmacro %}

{# What a campaign is called, in spans of steps, by the id touches know it by. #}
{% macro campaign_spans(folder) -%}
with called as (
    select
        told._source as source,
        coalesce(known_as.value, told.campaign_id) as campaign_id,
        told.campaign_name,
        told.campaign_type,
        told.changed_at,
        {{ lineage_columns('told') }}
    from {{ landed(folder, 'campaign_history') }} as told
    left join {{ registry_settings('campaign_id') }} as known_as
        on told._source = known_as.source and told.campaign_id = known_as.name
)

select *
from {{ told_spans('called', ['source', 'campaign_id'], ['campaign_name', 'campaign_type']) }} as spans
{%- endmacro %}
