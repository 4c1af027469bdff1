-- A click has one id, of the kind its device allows; should a row hold several, each of them finds the campaign.
{% for kind in ['gclid', 'wbraid', 'gbraid'] %}
select
    clicks.{{ kind }}_token as click_token,
    '{{ kind }}' as click_id_type,
    clicks.platform,
    clicks.campaign_id,
    clicks.occurred_at,
    clicks.known_at,
    {{ lineage_columns('clicks') }}
from {{ ref('base_google_ads__clicks') }} as clicks
where clicks.{{ kind }}_token is not null
{{ "union all" if not loop.last }}
{% endfor %}
