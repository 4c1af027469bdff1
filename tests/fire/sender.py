"""A schedule's sender, as a process that may be killed: `python -m tests.fire.sender OUTBOX KIND OPTIONS`.

Says `begun` once it is about to deliver. Exit 0: nothing is pending; 3: another sends; 4: the CRM is away.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from orchestration.destinations.base import Unavailable
from orchestration.destinations.delivery import deliver
from orchestration.destinations.sql import SqlDestination
from orchestration.destinations.tryton import TrytonDestination
from orchestration.lake.lease import LeaseHeld
from orchestration.lake.outbox import Outbox

KINDS = {"postgresql": SqlDestination, "tryton": TrytonDestination}


def main() -> int:
    """One run of the schedule."""
    path, kind, options = sys.argv[1:]
    with closing(Outbox(Path(path))) as outbox, closing(KINDS[kind](**json.loads(options))) as destination:
        print("begun", flush=True)
        try:
            # Waits are as the delivery wants them, only shorter: what is proved is their order.
            deliver(outbox, destination, pause=lambda seconds: time.sleep(min(seconds, 0.02)))
        except LeaseHeld:
            return 3
        except Unavailable:
            return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
