"""Which signals mislead, and what a low MQL→SQL rate hangs on: frames in, frames out.

`rules.py` judges the rules of the criteria, `causes.py` compares the values of each possible cause, `logit.py` and
`looks.py` are their statistics. Which lead counts, and what became of it, is decided in SQL (`ml_signals__…`); nothing
here knows criteria files or clocks. `docs/signals.md` says in plain words what a verdict means.
"""

from models_ml.signals.causes import CAUSE_COLUMNS, CAUSES, estimate_causes
from models_ml.signals.rules import SIGNAL_COLUMNS, VERDICTS, SignalJudge, estimate_signals

__all__ = [
    "CAUSES",
    "CAUSE_COLUMNS",
    "SIGNAL_COLUMNS",
    "VERDICTS",
    "SignalJudge",
    "estimate_causes",
    "estimate_signals",
]
