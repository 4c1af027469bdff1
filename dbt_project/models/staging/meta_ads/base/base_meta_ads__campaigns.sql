{{ campaign_spans('meta_ads') }}
