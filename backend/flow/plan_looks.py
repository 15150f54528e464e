"""Plan looks: when is a message that was found malicious looked for again, and which others with it?"""

from collections.abc import Sequence

from sqlalchemy import Connection

from backend.domain.disposition import Disposition
from backend.domain.later_look import LookSource
from backend.services import Services
from backend.store import decisions, later_looks
from backend.store.tenants import Tenant


def plan_looks(
    tx: Connection, services: Services, tenant: Tenant, message_id: int, source: LookSource, more: Sequence[int] = ()
) -> None:
    """Plan the looks that a standing MALICIOUS makes necessary, also for its campaign's other malicious messages.

    `more` are other messages that are malicious because this one is.

    Call it in the transaction that keeps the decision; sweep finds the looks when they are due.
    """
    standing = decisions.standing(tx, tenant.id, message_id)
    if standing is None or standing.disposition is not Disposition.MALICIOUS or standing.simulation:
        return
    others = sorted({*later_looks.siblings(tx, tenant.id, message_id), *more} - {message_id})
    known = decisions.dispositions_of(tx, tenant.id, others)
    alike = [other for other in others if known.get(other) is Disposition.MALICIOUS]
    minutes, now = tenant.policy.pdr.minutes, services.now()
    later_looks.plan(tx, tenant.id, [message_id, *alike], standing.id, source, minutes, now)
