"""Words: what is a reporter told about their message, as the API answers it?"""

from sqlalchemy import Connection

from backend.api.bodies import VerdictForReporter
from backend.flow import tell
from backend.flow.tell import Told


def told(tx: Connection, tenant_id: int, message_id: int) -> VerdictForReporter | None:
    """What stands about the message, in plain words; None while nothing is decided."""
    found = tell.told(tx, tenant_id, message_id)
    return as_answered(found) if found else None


def as_answered(found: Told) -> VerdictForReporter:
    """The body of it."""
    return VerdictForReporter(
        disposition=found.disposition,
        meaning=found.meaning,
        reasons=list(found.reasons),
        retracted=found.retracted,
        simulation=found.simulation,
        decided_at=found.decided_at,
    )
