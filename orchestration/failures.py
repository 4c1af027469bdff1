"""What may be said of an error: its kind and where it rose. Its words might hold what a cell held."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path


def where(error: BaseException) -> str:
    """Kind and place of an error, in a line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


def print_frames(error: BaseException) -> None:
    """The calls an error rose through, and those of what it rose from, to standard output: the log of a run."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        print_frames(before)
    calls = traceback.format_list(traceback.extract_tb(error.__traceback__))
    sys.stdout.write("".join(["Most recent call last:\n", *calls, f"{type(error).__name__}\n"]))
