{{ ad_platform_spend('google_ads') }}
