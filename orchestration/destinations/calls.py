"""Calls to a destination, counted, and made again where it says `not now`: after what it asks, else with full jitter.

A write whose fate is unknown is never made again here: it is for whoever reads the records first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from orchestration.destinations.base import Answer, Destination, Held, Proving, Unavailable
from orchestration.lake.outbox_types import Write

TRIES = 6
PATIENCE_SECONDS = 300.0
_LONGEST_WAIT_SECONDS = 30.0

T = TypeVar("T")


class Calls:
    """The calls of one delivery. `reads`, `writes` and `waited` (seconds) tell what it took.

    All waiting of a delivery together stays below `patience`: what is not done by then waits for the next run.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        pause: Callable[[float], None] = time.sleep,
        tries: int = TRIES,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.destination = destination
        self.reads = 0
        self.writes = 0
        self.waited = 0.0
        self._pause, self._tries, self._patience = pause, tries, patience
        self._jitter = wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT_SECONDS)

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read records. Raises Unavailable where no try came through."""

        def call() -> Mapping[str, Held]:
            self.reads += 1
            return self.destination.read(lead_ids)

        return self.again(call)

    def proved(self, writes: Sequence[Write]) -> Collection[str]:
        """Lead ids of which the CRM itself can tell that they hold what was written. Raises as `read`."""
        destination = self.destination
        if not writes or not isinstance(destination, Proving):
            return ()

        def call() -> Collection[str]:
            self.reads += 1
            return destination.proved(writes)

        return self.again(call)

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Write records. Raises BatchRefused; Unavailable, with the fate unknown or nothing applied in any try."""

        def call() -> Mapping[str, Answer]:
            self.writes += 1
            return self.destination.write(writes)

        try:
            return self.again(call, is_safe=False)
        except Unavailable as error:
            if error.is_fate_unknown:
                asked = random.uniform(0, 0.5) if error.retry_after is None else error.retry_after
                self._sleep(max(0.0, min(asked, self._patience - self.waited)))
            raise

    def again(self, call: Callable[[], T], *, is_safe: bool = True) -> T:
        """Call, and call again while it says `not now`; a call that is not safe only where nothing was applied."""

        def is_retried(error: BaseException) -> bool:
            return isinstance(error, Unavailable) and (is_safe or not error.is_fate_unknown)

        retrying = Retrying(
            retry=retry_if_exception(is_retried),
            wait=self._wait,
            stop=lambda state: stop_after_attempt(self._tries)(state) or self._is_out_of_patience(state),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(call)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return self._jitter(state) if asked is None else asked

    def _is_out_of_patience(self, state: RetryCallState) -> bool:
        return self.waited + state.upcoming_sleep > self._patience

    def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        self._pause(seconds)
