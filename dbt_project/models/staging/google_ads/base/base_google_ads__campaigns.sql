{{ campaign_spans('google_ads') }}
