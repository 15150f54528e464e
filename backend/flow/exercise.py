"""Exercise: is this message one of the tenant's own phishing exercises?"""

from sqlalchemy import Connection

from backend.flow.context import list_context
from backend.services import Services
from backend.store import messages
from backend.store.tenants import Tenant
from model.modules.simulations import Exercise, recognised


def exercise_of(tx: Connection, services: Services, tenant: Tenant, message_id: int) -> Exercise | None:
    """The tenant's own exercise that this message is: it is not scored, not learned from, and waits for nobody."""
    message = messages.get(tx, tenant.id, message_id)
    return recognised(message.facts, list_context(tx, tenant, services.now())) if message else None
