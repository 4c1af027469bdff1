"""Sends a batch that may be refused as a whole: halves it until the rows at fault stand alone.

A refused batch of n rows with one at fault takes at most 2 · log2 n + 1 calls more than a batch that goes through.
Where the first half went through, the second holds the fault and is halved without being sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestration.destinations.base import Answer, BatchRefused, Unavailable
from orchestration.lake.outbox_types import Write

Send = Callable[[Sequence[Write]], Mapping[str, Answer]]


def send_halving(writes: Sequence[Write], send: Send) -> dict[str, Answer]:
    """Lead id → answer of every write; a record that is absent has an unknown fate.

    Raises what `send` raises, BatchRefused and an unknown fate aside.
    """
    answers: dict[str, Answer] = {}
    _send(list(writes), send, answers)
    return answers


def _send(writes: list[Write], send: Send, answers: dict[str, Answer]) -> bool:
    """Whether the batch is known to have gone through as one."""
    try:
        answers.update(send(writes))
    except Unavailable as error:
        if not error.is_fate_unknown:
            raise
        return False
    except BatchRefused as error:
        if len(writes) == 1:
            answers[writes[0].lead_id] = Answer("rejected", error.error_code)
        else:
            _halve(writes, send, answers)
        return False
    return True


def _halve(writes: list[Write], send: Send, answers: dict[str, Answer]) -> None:
    """The rows of a refused batch, of which at least one is at fault."""
    middle = len(writes) // 2
    first, second = writes[:middle], writes[middle:]
    if _send(first, send, answers) and len(second) > 1:
        _halve(second, send, answers)
    else:
        _send(second, send, answers)
