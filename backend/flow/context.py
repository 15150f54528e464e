"""Context: what may the modules beside the network know of this tenant?"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from backend.domain.listed import ListKind
from backend.store import campaigns, decisions, landings, lists, own_rules
from backend.store.tenants import Tenant
from model.contract import ModuleContext
from model.modules.campaigns import bands, similarity


def module_context(tx: Connection, tenant: Tenant, message_id: int, now: datetime) -> ModuleContext:
    """The tenant's lists, its own messages that resemble this one, and where the links led."""
    led_to = landings.of_message(tx, tenant.id, message_id) or ()
    return replace(
        list_context(tx, tenant, now),
        similar=_similar(tx, tenant, message_id),
        landings=led_to,
        own_rules=own_rules.acting(tx, tenant.id),
    )


def list_context(tx: Connection, tenant: Tenant, now: datetime) -> ModuleContext:
    """The tenant's lists alone, as they stand at that time; what its policy names counts beside them."""
    senders, drills, standing = tenant.policy.senders, tenant.policy.simulations, lists.acting(tx, tenant.id, now)
    return ModuleContext(
        trusted_senders=senders.trusted + standing.of(ListKind.TRUSTED),
        trusted_source_addresses=senders.trusted_source_addresses,
        blocked_senders=senders.blocked + standing.of(ListKind.BLOCKED),
        acceptable_senders=standing.of(ListKind.ACCEPTABLE),
        verify_senders=standing.of(ListKind.VERIFY),
        trusted_domains=standing.of(ListKind.DOMAIN),
        trusted_authserv_ids=senders.authserv_ids,
        simulation_tokens=senders.simulation_tokens,
        simulation_keys=drills.keys,
        simulation_vendors=drills.vendors,
        simulation_headers=drills.headers,
        simulation_domains=drills.domains,
        simulation_addresses=drills.addresses,
    )


def _similar(tx: Connection, tenant: Tenant, message_id: int) -> dict[int, tuple[float, str]]:
    hashes = campaigns.hashes_of(tx, tenant.id, message_id)
    if not hashes:
        return {}
    near = campaigns.candidates(tx, tenant.id, message_id, bands(hashes))
    alike = {other: similarity(hashes, theirs) for other, theirs in near.items()}
    held_to_be = decisions.dispositions_of(tx, tenant.id, list(alike))
    return {other: (alike[other], held_to_be[other]) for other in alike if other in held_to_be}
