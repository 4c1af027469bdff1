{{ ad_platform_spend('meta_ads') }}
