"""What a run shows while it works: the station under way, and how long each took. Nothing of a row is ever shown."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Stations of a run on a console: a spinner on a terminal, one line each elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._station = ""
        self._began = time.monotonic()
        self._status = console.status("starting")

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Show progress for the time of a `with`."""
        if self._console.is_terminal:
            self._status.start()
        try:
            yield self
        finally:
            self._finish()
            self._status.stop()

    def say(self, station: str, detail: str = "") -> None:
        """A station begins; of one that has several parts (a source each), the part."""
        name = f"{station} {detail}".rstrip()
        if name != self._station:
            self._finish()
            self._station, self._began = name, time.monotonic()
        self._status.update(name)

    def _finish(self) -> None:
        if self._station:
            self._console.print(f"  {self._station:<60} {time.monotonic() - self._began:6.1f} s", highlight=False)
        self._station = ""
