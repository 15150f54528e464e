"""Context: what may the modules beside the network know of this tenant?"""

from dataclasses import replace

from sqlalchemy import Connection

from backend.store import campaigns, decisions, landings
from backend.store.tenants import Tenant
from model.contract import ModuleContext
from model.modules.campaigns import bands, similarity


def module_context(tx: Connection, tenant: Tenant, message_id: int) -> ModuleContext:
    """The tenant's lists, its own messages that resemble this one, and where the links led."""
    led_to = landings.of_message(tx, tenant.id, message_id) or ()
    return replace(list_context(tenant), similar=_similar(tx, tenant, message_id), landings=led_to)


def list_context(tenant: Tenant) -> ModuleContext:
    """The tenant's lists alone."""
    senders = tenant.policy.senders
    return ModuleContext(
        trusted_senders=senders.trusted,
        trusted_source_addresses=senders.trusted_source_addresses,
        blocked_senders=senders.blocked,
        trusted_authserv_ids=senders.authserv_ids,
        simulation_tokens=senders.simulation_tokens,
    )


def _similar(tx: Connection, tenant: Tenant, message_id: int) -> dict[int, tuple[float, str]]:
    hashes = campaigns.hashes_of(tx, tenant.id, message_id)
    if not hashes:
        return {}
    near = campaigns.candidates(tx, tenant.id, message_id, bands(hashes))
    alike = {other: similarity(hashes, theirs) for other, theirs in near.items()}
    held_to_be = decisions.dispositions_of(tx, tenant.id, list(alike))
    return {other: (alike[other], held_to_be[other]) for other in alike if other in held_to_be}
