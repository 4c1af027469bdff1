"""criteria/routing.yaml beside the other files: names it uses, attributes it asks for, rules that never get a turn.

Names of service lines and roles are only warned of: leads and staff may carry some that no criteria speak of. Teams and
queues stand in the CRM; `handoff doctor` looks at what a home knows of them (`orchestration/doctor_routing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from orchestration.criteria_files.checks import check_test
from orchestration.criteria_files.companions import Catalogue, Policy, read_routing
from orchestration.criteria_files.marks import Document
from orchestration.criteria_files.routing_file import RoutingRules
from orchestration.criteria_files.shapes import Version
from orchestration.criteria_files.wording import nearest

# What a rule of complexity may ask beside the lead's attributes: its points when it became MQL.
POINTS = frozenset({"fit_points", "behaviour_points"})
_NO_LINE = "default"


def checked_routing(
    document: Document | None,
    versions: Mapping[str, Sequence[Version]],
    catalogue: Catalogue,
    policy: Policy,
) -> dict[str, Any]:
    """Routing rules as plain data; {} where the file is absent or faulty, its faults noted.

    `versions`: those of every service line, default.yaml's under `default`.
    """
    rules = None if document is None or document.faults else read_routing(document)
    if document is None or rules is None:
        return {}
    every = (version.sql for each in versions.values() for version in each if version.sql)
    roles = {role for decided in every for role in decided.verified_by or ()}
    check_routing(document, rules, lines=set(versions) - {_NO_LINE}, roles=roles, catalogue=catalogue, policy=policy)
    return dict(rules.model_dump(by_alias=True))


def check_routing(
    document: Document,
    rules: RoutingRules,
    *,
    lines: Collection[str],
    roles: Collection[str],
    catalogue: Catalogue,
    policy: Policy,
) -> None:
    """Notes what is wrong, or worth a look, with rules read from `document`.

    `lines`: service lines with criteria of their own; `roles`: those whose acts count in some version.
    """
    for line, levels in rules.complexity.items():
        for i, rule in enumerate(levels):
            for j, test in enumerate(rule.when or ()):
                if test.attribute not in POINTS:
                    check_test(document, ("complexity", line, i, "when", j), test, catalogue, policy)
            if rule.when is None and i < len(levels) - 1:
                below = "holds for every lead, so the rules below it never get a turn: put it last"
                document.refuse(("complexity", line, i), below)
    for key in ("complexity", "licences"):
        for line in getattr(rules, key):
            _warn_unless_known(document, (key, line), line, "service line with criteria", lines)
    for line, names in rules.licences.items():
        for i, role in enumerate(names):
            _warn_unless_known(document, ("licences", line, i), role, "role of any verified_by", roles)


def _warn_unless_known(
    document: Document, loc: tuple[str | int, ...], name: str, what: str, known: Collection[str]
) -> None:
    if not known or name in known:
        return
    near = nearest(name, known)
    document.warn(loc, f"{name} is no {what}" + (f": did you mean {near}?" if near else ": correct it, or leave it"))
