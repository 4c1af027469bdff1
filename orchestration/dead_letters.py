"""What to do about a record that was not written to a CRM, by the reason the outbox keeps."""

from __future__ import annotations

# Not dead yet.
WAITING = "waiting"
_TO_DO = {
    "gone": "the CRM has no record of this id that our user may see: nothing, if it was deleted; else correct the id "
    "where the source gives it, or merge the lead there; where it is most of them, see whether `key` in the registry "
    "names the right field",
    "archived": "the record is archived: restore it in the CRM, then `handoff reconcile` writes to it again",
    "merged": "the record was merged: let the source say into which (merged_into_lead_id), and the survivor is written",
}
_REJECTED = {
    "newer_write_present": "the record holds a newer write than ours: make sure that one home alone writes to this CRM",
    "read_back_differs": "the fields named cannot hold the value as it is, or something there changes it: compare "
    "their types with `handoff prepare`",
}
_WAITING = {
    "not_applied": "the CRM took the write and did not make it: see whether a trigger or a row-level policy there "
    "keeps the record from our user",
    "changed_by_staff": "somebody changes the record all the time",
}
_OTHERWISE = (
    "the CRM refused the record: look the code up there, correct the record, or the field or rule it names; it is "
    "tried again when its data or the CRM's fields change"
)


def what_to_do(status: str, error_code: str | None) -> str:
    """One sentence for the person who looks after the CRM. A code's first word is the reason, the rest names fields."""
    reason = (error_code or "").split(" ")[0]
    if status == WAITING:
        return f"{_WAITING.get(reason, 'the CRM was away, or did not take it yet')}; the next run tries again"
    return _TO_DO.get(status) or _REJECTED.get(reason, _OTHERWISE)
