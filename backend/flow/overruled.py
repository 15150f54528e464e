"""Overruled: is a retraction that was ordered not wanted any more?

Because people have said so since, or because what it was ordered on was taken back: a label that was revoked, what that
label had taught of other messages, or the record of a reporter whom it had made right.
"""

from sqlalchemy import Connection

from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction
from backend.policy.settings import NO_ACTION
from backend.store import decisions, tenants

UNDONE = "judgement-undone"  # why a decision stands again after a judgement was taken back
BROUGHT_BACK = ("operator-restored",)  # why an operator's decision stands who undid what was done
LABEL_REVOKED = "label-revoked"  # why another operator's word stands: the one that stood was taken back
CALLED_OFF = ("retraction-called-off",)  # why an operator's decision stands who undid what was still running


def is_overruled(tx: Connection, retraction: Retraction) -> bool:
    """Whether people called it off, or judged the message legitimate or an exercise, after it was ordered; or whether
    what it was ordered on was taken back."""
    if lost_its_reason(tx, retraction):
        return True
    said = [
        one
        for one in decisions.all_of(tx, retraction.tenant_id, retraction.message_id, 20)
        if one.decided_at >= retraction.ordered_at and one.decided_by != str(POLICY) and UNDONE not in one.why
    ]
    if said and said[0].why == CALLED_OFF:
        return True
    standing = decisions.standing(tx, retraction.tenant_id, retraction.message_id)
    if standing is None or standing.decided_by == str(POLICY) or standing.decided_at < retraction.ordered_at:
        return False
    return standing.simulation or standing.disposition in LEGITIMATE


def lost_its_reason(tx: Connection, retraction: Retraction) -> bool:
    """Whether whoever ordered it held the message to be malicious, and what made them do so was taken back since.

    What an operator took away without judging it had another reason, and keeps it.
    """
    tenant_id, number = retraction.tenant_id, retraction.decision_id
    reason = decisions.get(tx, tenant_id, number) if number is not None else None
    standing = decisions.standing(tx, tenant_id, retraction.message_id)
    if reason is None or standing is None or reason.decided_by != retraction.ordered_by:
        return False
    if reason.disposition is not Disposition.MALICIOUS or standing.id == reason.id:
        return False
    anew = standing.decided_by == str(POLICY) or LABEL_REVOKED in standing.why
    goes = tenants.get(tx, tenant_id).policy.action_for(standing.disposition) != NO_ACTION
    return anew and standing.disposition is not Disposition.MALICIOUS and not goes
