-- Costs come in micros; of the reports of one account the registry chose one, and a sum over several would count twice.
with reported as (
    {% for report in ['campaign_stats', 'ad_group_stats', 'ad_stats', 'keyword_stats'] %}
    select
        '{{ report }}' as report,
        landed.account_id,
        cast(null as varchar) as ad_id,
        landed.campaign_id,
        landed.is_deleted,
        {{ amount_of_micros('landed.cost_micros') }} as cost,
        landed.impressions,
        landed.clicks,
        landed.report_date as spend_date,
        landed.known_at,
        {{ lineage_columns('landed') }}
    from {{ landed('google_ads', report) }} as landed
    {{ "union all" if not loop.last }}
    {% endfor %}
),

{{ cost_spans('google_ads') }}
