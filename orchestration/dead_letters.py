"""What to do about a record that was not written to a CRM, by the reason the outbox keeps."""

from __future__ import annotations

_TO_DO = {
    "gone": "the CRM has no record of this id: nothing, if it was deleted; else "
    "correct the id where the source gives it, or merge the lead there",
    "archived": "the record is archived: restore it in the CRM, then `handoff reconcile` writes to it again",
    "merged": "the record was merged: let the source say into which (merged_into_lead_id), and the survivor is written",
}
_REJECTED = {
    "newer_write_present": "the record holds a newer write than ours: make sure that one home alone writes to this CRM",
    "read_back_differs": "a field there cannot hold the value as it is: compare its type with `handoff prepare`",
}
_OTHERWISE = (
    "the CRM refused the record: look the code up there, correct the record or the field; it is tried again when its "
    "data or the CRM's fields change"
)


def what_to_do(status: str, error_code: str | None) -> str:
    """One sentence for the person who looks after the CRM."""
    return _TO_DO.get(status) or _REJECTED.get(error_code or "", _OTHERWISE)
