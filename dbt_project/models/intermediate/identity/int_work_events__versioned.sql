{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{{ fact_versions(ref('input__work_events'), 'event_id', 'occurred_at', [
    'kind', 'contact_channel', 'outcome', 'reason', 'staff_id', 'team_id', 'checklist', 'occurred_at'
]) }}
