{# Consent to contact, by channel. #}

{# The channels a lead may be contacted by. #}
{% macro contact_channels() -%}
    {{ return(['call', 'sms', 'email']) }}
{%- endmacro %}

{# A row a channel: what a consent that names none speaks of. #}
{% macro contact_channel_rows() -%}
    {%- for channel in contact_channels() %}
    select '{{ channel }}' as channel
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# A select of what was said, each until the next word on that channel; `stated`: lead_key, channel, valid_from, is_withdrawn. #}
{% macro consent_spans(stated) -%}
select
    lead_key,
    channel,
    is_withdrawn,
    valid_from,
    lead(valid_from, 1, {{ end_of_time() }}) over (partition by lead_key, channel order by valid_from) as valid_to
from {{ stated }}
{%- endmacro %}

{#
  May a lead be contacted by call, sms, e-mail as of now, as far as consent goes (a relation in parentheses: lead_key and
  can_contact_by_<channel>); `only` filters the leads, `asked`. Nobody's yes where consent is required and was never given. Sources that share lead ids speak of
  the same leads: where one of them must have consent, all must.
#}
{% macro contact_permissions(only = 'true') -%}
    (
        with required as (
            select
                id_space,
                bool_or(consent_required) as is_consent_required
            from {{ ref('input__sources') }}
            group by id_space
        ),

        stated as (
            select
                lead_key,
                {%- for channel in contact_channels() %}
                bool_or(case when channel = '{{ channel }}' then is_withdrawn end) as is_withdrawn_from_{{ channel }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ ref('int_consents__spanned') }}
            where valid_from <= {{ as_of() }} and {{ as_of() }} < valid_to
            group by lead_key
        )

        select
            asked.lead_key,
            {%- for channel in contact_channels() %}
            not coalesce(stated.is_withdrawn_from_{{ channel }}, required.is_consent_required, false) as can_contact_by_{{ channel }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('int_leads__current') }} as asked
        left join required on asked.id_space = required.id_space
        left join stated on asked.lead_key = stated.lead_key
        where {{ only }}
    )
{%- endmacro %}
