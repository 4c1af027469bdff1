"""The sources registry of a demo folder: the web exports, the CRM's histories, and the CRM's records as destination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from orchestration.demo.crm_schema import HISTORY, LEAD_KEY, LEADS, TableMap
from orchestration.demo.mess import NULL_TOKENS, ZONE

# The CRM's own labels; "Attempting" says how work goes on and is no stage.
STAGE_LABELS = {
    "New": "lead",
    "Marketing Qualified": "mql",
    "Sales Qualified": "sql",
    "Opportunity": "opportunity",
    "Appointment Set": "appointment",
    "Consult Held": "consult",
    "Disqualified": "disqualified",
    "Recycled": "recycled",
}
_HEADER = """\
# A clinic group's systems: exports of web analytics and ad accounts, and the CRM's database.
# `handoff run --sources` reads this file; paths are relative to it.
"""


def registry(
    crm_url: str = "sqlite:///crm.db",
    web_folder: str = "./web",
    *,
    platforms: Mapping[str, Any] | None = None,
    is_messy: bool = False,
) -> dict[str, Any]:
    """The registry as data; lead ids of the web exports are the CRM's. Messy systems have many words for nothing.

    `platforms` are the entries of platforms that export in shapes of their own.
    """
    nothing = {"null_tokens": list(NULL_TOKENS)} if is_messy else {}
    return {
        "sources": {
            "crm": {
                "connector": "crm_sql",
                "url": crm_url,
                "timezone": ZONE,
                **nothing,
                "stages": dict(STAGE_LABELS),
                "tables": {name: _table(mapped) for name, mapped in HISTORY.items()},
            },
            "web": {
                "connector": "contract_files",
                "path": web_folder,
                "timezone": ZONE,
                **nothing,
                "lead_ids_from": "crm",
                "restates_days": 3,
            },
            **(platforms or {}),
        },
        "destinations": {
            "crm_leads": {"kind": "sql", "url": crm_url, "source": "crm", "table": LEADS, "key": LEAD_KEY}
        },
        # One newly scored MQL in twenty is routed as if nobody had scored it: readiness is judged by these.
        "readiness": {"control_share": 0.05},
    }


def registry_text(entries: Mapping[str, Any]) -> str:
    """The registry as the YAML file that stands in the demo folder."""
    return _HEADER + str(yaml.safe_dump(dict(entries), sort_keys=False, width=110, allow_unicode=True))


def _table(mapped: TableMap) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, column in mapped.columns.items():
        codes = mapped.codes.get(name)
        columns[name] = (
            {"column": column, "values": {code: value for value, code in codes.items()}} if codes else column
        )
    numbered = {"append_only": True, "cursor": "change_no", "overlap": 1000} if mapped.is_history else {}
    return {"table": mapped.table, **numbered, "columns": columns}
