"""Doctor for Gmail: what has each Google Workspace organisation delegated to us, and what is to be done?"""

from collections.abc import Iterator

from backend.domain.finding import Finding
from backend.errors import Unknown
from backend.flow import delegation
from backend.flow.delegation import PROVIDER
from backend.services import utc_now
from backend.settings import Settings
from backend.store import tenants
from backend.store.database import Database


def examine_gmail(settings: Settings, database: Database, mailbox: str = "") -> Iterator[tuple[str, Finding]]:
    """The page's findings for each tenant, by its short name. Raises Unknown when no tenant's mail lies there."""
    with database.read() as tx:
        ours = tenants.of_provider(tx, PROVIDER)
    if not ours:
        raise Unknown("No tenant's mail lies with Google: unhook tenant add SLUG NAME --provider gmail ...")
    for tenant in ours:
        for finding in delegation.examine(settings, tenant, utc_now(), mailbox).findings:
            yield tenant.slug, finding
