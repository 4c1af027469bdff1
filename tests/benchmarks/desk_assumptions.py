"""What the routing game assumes beyond the clinic world, all in one place; of the world itself: docs/world.md.

The world makes the outcome depend on who calls and how long the lead waited (`screening.qualify_chance`,
`habits.reaches`), but it has no queues and asks nobody for a language: those are rules of the game, alike in every arm.
"""

from __future__ import annotations

# Staff minutes of an attempt. Assumptions: a first talk with what is written down after it, and an unanswered call.
ANSWERED_MINUTES, UNANSWERED_MINUTES = 45.0, 8.0
# Assumption: members call for half of their shift, by turns its first and its second; the rest goes to screenings.
CALLING_SHARE = 0.5
# Assumption: who told a language is called by members who speak it; where a team has nobody who does, by anybody with
# an interpreter on the line, which takes so much longer. It changes nothing else about the outcome.
INTERPRETER_FACTOR = 1.5
# Assumption: as in the world, five attempts; the waits between them are the world's own (`delays.NEXT_ATTEMPT`).
ATTEMPTS = 5
# Who is not reached by then leaves every queue: the horizon of readiness in the shipped criteria.
HORIZON_DAYS = 30
# The pipeline's intake rhythm: new leads are scored and routed that often, so a route is never there at once.
TICK_MINUTES = 10
# The first days fill the queues, after the last days no lead comes: leads of both are played, but not measured.
WARM_UP_DAYS, COOL_DOWN_DAYS = 4, 4
# Each lead's outcome is drawn so often, with the same numbers in every arm.
OUTCOME_DRAWS = 4
