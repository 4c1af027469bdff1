{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{{ fact_versions(ref('int_appointments__unfolded'), 'appointment_id', 'booked_at', [
    'booked_by', 'status', 'location_id', 'appointment_date', 'booked_at', 'starts_at', 'happens_at'
]) }}
