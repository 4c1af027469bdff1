"""The level of complexity of leads whose record names none, by the rules of criteria/routing.yaml.

Frames in, column out. Run before `route_leads`, which matches levels with teams and knows nothing of rules for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

Rules = Mapping[str, Sequence[Mapping[str, Any]]]


def complexity_levels(open_leads: pd.DataFrame, attributes: pd.DataFrame, rules: Rules) -> pd.Series:
    """Level of each open lead: its own where its record names one, else that of the first rule that holds, else none.

    Parameters
    ----------
    open_leads
        rows of `routing__open_leads`: record_key, service_line, complexity_level.
    attributes
        rows of `routing__attributes`: record_key, name, value (text); at most one per record and name.
    rules
        service line → rules in their order, each with `level` and `when`: tests that must all hold (None: always).

    Returns
    -------
    Series of text or None, in the index of `open_leads`.
    """
    known: dict[str, dict[str, str]] = {}
    stated = attributes[attributes["value"].notna()]
    for record, name, value in zip(stated["record_key"], stated["name"], stated["value"], strict=True):
        if str(value).strip():
            known.setdefault(str(record), {})[str(name)] = str(value).strip()
    found = [
        _own(own) or _by_rules(rules.get(str(line), ()), known.get(str(record), {}))
        for own, line, record in zip(
            open_leads["complexity_level"], open_leads["service_line"], open_leads["record_key"], strict=True
        )
    ]
    return pd.Series(found, index=open_leads.index, dtype=object)


def _own(level: Any) -> str | None:
    return None if pd.isna(level) or not str(level).strip() else str(level).strip()


def _by_rules(levels: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> str | None:
    for rule in levels:
        if all(_holds(test, values.get(str(test["attribute"]))) for test in rule.get("when") or ()):
            return str(rule["level"])
    return None


def _holds(test: Mapping[str, Any], value: str | None) -> bool:
    """One test of the criteria language; an unknown value satisfies none, unless it says `unknown: pass`."""
    if value is None:
        return test.get("unknown") == "pass"
    listed, barred, equal = test.get("in"), test.get("not_in"), test.get("equals")
    if (listed and value not in listed) or (barred and value in barred) or (equal is not None and value != equal):
        return False
    least, most = test.get("at_least"), test.get("at_most")
    if least is None and most is None:
        return True
    try:
        number = Decimal(value)
    except InvalidOperation:
        return test.get("unknown") == "pass"
    if not number.is_finite():
        return test.get("unknown") == "pass"
    return (least is None or number >= least) and (most is None or number <= most)
