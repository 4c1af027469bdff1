{#
  A lead nobody can reach: tried since the handoff as often as `unreachable_after_attempts` says without a contact, or never
  contacted and contactable on no channel. `worked` is its row of int_leads__worked, if it has one, `lead` that of dim_leads.
#}
{% macro unreachable(worked, lead) -%}
    coalesce(
        {{ worked }}.first_contacted_at is null
        and (
            {{ lead }}.is_contactable = 'no'
            or {{ worked }}.attempt_count >= {{ var('unreachable_after_attempts') }}
        ),
        false
    )
{%- endmacro %}
