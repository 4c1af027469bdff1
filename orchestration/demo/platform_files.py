"""What of a world its platforms export in shapes of their own: GA4's days of events, the ad accounts' reports.

What no platform sees is given back, for the contract's files and the CRM. Each shape has a writer of its own
(`ga4_files.py`, `ads_files.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from orchestration.demo.ads_files import ads_sources, write_ads_files
from orchestration.demo.ga4_files import ga4_source, is_browser_touch, write_ga4_days

Exports = Literal["platforms", "contract"]
GA4_FOLDER, ADS_FOLDER = "ga4", "ads"
EXPORTED = ("touches", "spend", "ad_clicks")


def platform_sources() -> dict[str, Any]:
    """The registry's entries of what `write_platform_files` writes beside the registry."""
    return {"analytics": ga4_source(f"./{GA4_FOLDER}", lead_ids_from="crm"), **ads_sources(f"./{ADS_FOLDER}")}


def write_platform_files(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    until: pd.Timestamp,
    since: pd.Timestamp | None = None,
    by: str = "month",
) -> dict[str, pd.DataFrame]:
    """Write what the platforms export of the span after `since` up to `until`; ads one delivery a month or day (`by`).

    `tables` also hold what was known before `since`, at least of the days that something became known of after it:
    days come whole.

    Returns
    -------
    dict
        `touches`, `spend` and `ad_clicks` of the span that no platform exports.
    """
    rest = write_ads_files(folder / ADS_FOLDER, tables, since=since, by=by)
    if "touches" in tables:
        touches = tables["touches"]
        write_ga4_days(folder / GA4_FOLDER, touches, until=until, since=since)
        rest["touches"] = touches[~is_browser_touch(touches)]
    if since is None:
        return rest
    return {name: frame[frame["known_at"] > since].reset_index(drop=True) for name, frame in rest.items()}
