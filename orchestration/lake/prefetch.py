"""Reads an iterator ahead in one thread, so that reading and checking share two cores. Nothing else belongs here."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeAlias, TypeVar

Item = TypeVar("Item")
_Waiting: TypeAlias = "queue.Queue[tuple[Item | None, BaseException | None]]"


def prefetch(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yield `items` in order, up to `depth` of them made ahead; what they raise is raised here."""
    waiting: _Waiting[Item] = queue.Queue(depth)
    is_over = threading.Event()
    thread = threading.Thread(target=_read, args=(items, waiting, is_over), name="read-ahead", daemon=True)
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


def _read(items: Iterator[Item], waiting: _Waiting[Item], is_over: threading.Event) -> None:
    try:
        for item in items:
            if not _put(waiting, (item, None), is_over):
                return
    except BaseException as error:  # handed over, and raised where the items are used
        _put(waiting, (None, error), is_over)
    else:
        _put(waiting, (None, None), is_over)


def _put(waiting: _Waiting[Item], entry: tuple[Item | None, BaseException | None], is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            waiting.put(entry, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
