{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{{ fact_versions(ref('input__stage_events'), 'event_id', 'entered_at', [
    'stage_raw', 'stage', 'actor_id', 'actor_type', 'basis', 'reason', 'entered_at'
]) }}
