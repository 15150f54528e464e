"""Share: what is told of a campaign, in which form, and to whom was it told?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backend.domain.people import Actor
from backend.outbound import misp, stix
from backend.services import Services
from backend.store import audit, tenants
from backend.store import indicators as store
from backend.store.indicators import Indicators

FORMS: Mapping[str, Callable[[Indicators, str, datetime], dict[str, Any]]] = {"stix": stix.bundle, "misp": misp.event}


def indicators(services: Services, tenant_id: int, campaign_id: int, form: str, who: Actor) -> dict[str, Any]:
    """A campaign's indicators; that somebody took them along is written down. Raises Unknown."""
    now = services.now()
    with services.database.begin() as tx:
        found = store.of_campaign(tx, tenant_id, campaign_id)
        slug = tenants.get(tx, tenant_id).slug
        subject, detail = f"campaign:{campaign_id}", {"form": form}
        audit.record(tx, tenant_id, who, "indicators exported", subject, detail, now)
    return FORMS[form](found, slug, now)
