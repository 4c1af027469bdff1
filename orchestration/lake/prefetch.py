"""Reads an iterator ahead in one thread, so that reading and checking share two cores. Nothing else belongs here."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yield `items` in order, up to `depth` of them made ahead; what they raise is raised here."""
    waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(depth)
    is_over = threading.Event()

    def put(entry: tuple[Item | None, BaseException | None]) -> bool:
        while not is_over.is_set():
            try:
                waiting.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
        except BaseException as error:  # noqa: BLE001 - handed over, raised by the consumer
            put((None, error))
        else:
            put((None, None))

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        is_over.set()
        thread.join()
