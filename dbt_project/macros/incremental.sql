{#
  Lead-grain tables recompute the whole history of just the touched records and replace exactly these.
  `touched_only` is the filter a model puts on its inputs, `replace_touched` the strategy that goes with it: deleted are
  the keys the table had, inserted the keys it now has. Touched are whole merge groups, and a lead's key is the record
  key of one of its own: so a table without record_key is replaced by lead_key, and what members had stays nowhere.
#}
{% macro touched_only(record_key = 'record_key') -%}
    {%- if is_incremental() -%}
        {{ record_key }} in (select touched.record_key from {{ ref('int_records__touched') }} as touched)
    {%- else -%}
        true
    {%- endif %}
    -- depends_on: {{ ref('int_records__touched') }}
{% endmacro %}

{% macro get_incremental_replace_touched_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute = 'quoted') | join(', ') -%}
    {%- set key = 'record_key' if 'record_key' in arg_dict['dest_columns'] | map(attribute = 'name') else 'lead_key' -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ key }} in (select touched.record_key from {{ ref('int_records__touched') }} as touched);
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{#
  Input tables append the batches they have not seen. Batches sort by run and a run lands before it builds, so batches
  of runs before the newest one seen are not looked at again.
#}
{% macro unseen_batches_only() -%}
    {%- if is_incremental() -%}
        _batch_id >= (select coalesce(substr(max(seen._batch_id), 1, 8), '') from {{ this }} as seen)
        and _batch_id not in (
            select distinct seen._batch_id
            from {{ this }} as seen
            where seen._batch_id >= (select substr(max(newest._batch_id), 1, 8) from {{ this }} as newest)
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
