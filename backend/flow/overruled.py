"""Overruled: have people said, since a retraction was ordered, that it is not wanted?"""

from sqlalchemy import Connection

from backend.domain.disposition import LEGITIMATE
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction
from backend.store import decisions

UNDONE = "judgement-undone"  # why a decision stands again after a judgement was taken back
BROUGHT_BACK = ("operator-restored",)  # why an operator's decision stands who undid what was done
CALLED_OFF = ("retraction-called-off",)  # why an operator's decision stands who undid what was still running


def is_overruled(tx: Connection, retraction: Retraction) -> bool:
    """Whether people called it off, or judged the message legitimate or an exercise, after it was ordered."""
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
