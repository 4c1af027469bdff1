"""What an administrator of Tryton does once, before handoff fields can be written: printed by `handoff prepare`."""

from __future__ import annotations

from pathlib import Path

from orchestration.destinations.base import FIELDS

MODULE = Path(__file__).with_name("tryton_module") / "warm_handoff"


def plan(name: str) -> list[str]:
    """The steps, for the destination of that name."""
    return [
        "# 1. Put our module beside Tryton's own, and activate it (fields with help texts, a queue, a group):",
        f"cp -r {MODULE} \"$(python -c 'import trytond.modules as m; print(m.MODULES_PATH)')/\"",
        "trytond-admin -c trytond.conf -d DATABASE -u warm_handoff --activate-dependencies",
        "# 2. In Tryton, make a user of its own, `handoff`: group Warm Handoff only, and the companies whose leads",
        "#    it may write. The group reads and writes leads, creates and deletes none, writes none of staff's fields;",
        f"#    ours are {', '.join(FIELDS)}, and conversion_probability, set with the readiness.",
        "# 3. Give that user a key of application Warm Handoff (Administration > Users > Users, tab Applications).",
        "#    Such a key opens our own calls and nothing else of Tryton.",
        f"# 4. Put the key into the environment and name it in the registry: {name}: {{token: env:TRYTON_KEY, ...}}",
        "# The queue stands in the menu: Sales > Handoff queue.",
    ]
