"""Routes open leads to intake teams, and within them to members, each with its reasons. Frames in, frame out.

What follows is the definition; everything else in this package finds the answer it describes. Which leads are open and
what room there is stands in dbt (`routing__*`), the rules in criteria/routing.yaml. Nothing here reads a clock.

**Who may take a lead.** A team may if each of these holds; what is not known of a lead or a team rules nobody out:

1. *service line*, *location* (the lead's, else those its postal area belongs to), *complexity*, *language*: the team's
   list names it, or the team's list is empty. Where the team's members are known, one of them speaks the language.
2. *licence*: one of these members has a role that the rules license for the service line. Here a role that the source
   does not tell counts as none: who may take a licensed line has to be said.
3. *hours*, *shifts*: the team, or for members with shifts of their own one of these, is there within two weeks.
4. *consent*: the team's queue (else the service line) contacts by a channel that the lead has not withdrawn.

A member may if the team may and 1 to 3 hold for them. With `assign_members` leads go to members, else to teams; a
team of which no member was ever known is a place of its own, one whose members have all left takes nobody. A place has
room while it is below its daily and its open-lead limit; a team's limits hold for all its members together.

**What is never weighed.**

- A lead that withdrew every channel goes to nobody, and stands in no queue that contacts by what it withdrew.
- A team or member set by staff in the CRM stands, lists and limits or not; only consent comes before it. Where nobody
  knows such a team or member, or nobody of the team is there within two weeks, somebody is told.
- Work begun stays with the team, and the member, that began it, as long as they may take the lead.
- A route stands as long as its team may take the lead. It is given up before it is broken: where team or member cannot
  begin before the first contact is due and another with room can, the lead goes there. If none can, it stands.
- A lead whose member is gone, or may no longer take it, gets another of its team. If none has room, the team has it
  without a member and somebody is told.
- A lead past its horizon takes no room: such leads are shared out after all others, by size and by lot.

**What is best for the others**, one aim after the other; a later one never costs an earlier one anything:

1. *Expected SQLs within SLA*: the sum of what leads count that go to a place which begins before they are due. A lead
   counts its readiness × urgency × time left: × (1 + `second_request` for each request since it became MQL +
   `missed_call_back` for each call back it waited for in vain; three of each at most), × (1 + `time_left` × how far of
   the last 24 hours before its due time have gone by). Readiness itself never changes. A lead without a score, or
   drawn for control, counts like the mean of the scored ones of its service line.
2. *Expected SQLs*: the same sum over all leads that get a place, late or not: nobody is left out while there is room.
3. *Continuity*: two for a returning person who goes to the member who knows them, one for the same team.
4. *Specialists*: the fewer of a team's four lists are open to all, the more it is meant for its leads.
5. *Fairness*: of places that may take the same leads, each is as full as the others for its size (its open-lead limit,
   else its daily one): no load is further than one lead from its quota, unless it was before or an earlier aim asks
   for it.
6. *Order of service*: by priority (that of the band; one up each for a first contact due soon, not one
   overdue, and for a lead that asked again or waits for a call back), due time, moment of becoming MQL, key.
7. *The lot*, drawn from the seed and from names, for what is then still equal. No order of rows plays a part.

**Answers.** Each lead has a team, or the constraint that left none and who is told of it (`notify`). A route carries
its reasons in words and the constraint that decided: the last after which only its team was left (of the lists above,
`sla`, `continuity`, `capacity`, else `balance` or `specialist`), `already_worked` or `set_by_staff`. `is_without_score`
marks leads routed without one. A lead whose answer is the same as before has no row, unless it asked again or waits for
a call back and this makes it more urgent than its route says: then its row says the same with the new priority.
"""

from models_ml.routing.complexity import complexity_levels
from models_ml.routing.route import route_leads
from models_ml.routing.rows import COLUMNS
from models_ml.routing.rules import DEFAULT_RULES

__all__ = ["COLUMNS", "DEFAULT_RULES", "complexity_levels", "route_leads"]
