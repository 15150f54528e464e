"""Doctor for Outlook: what has each Microsoft tenant granted us, and what is to be done?"""

from collections.abc import Iterator

from backend.domain.finding import Finding
from backend.domain.microsoft import PROVIDER
from backend.errors import Unknown
from backend.flow import grant
from backend.services import utc_now
from backend.settings import Settings
from backend.store import tenants
from backend.store.database import Database


def examine_outlook(settings: Settings, database: Database, mailbox: str = "") -> Iterator[tuple[str, Finding]]:
    """The page's findings for each tenant, by its short name. Raises Unknown when no tenant's mail lies there."""
    with database.read() as tx:
        ours = tenants.of_provider(tx, PROVIDER)
    if not ours:
        raise Unknown("No tenant's mail lies with Microsoft: unhook tenant add SLUG NAME --provider outlook ...")
    for tenant in ours:
        for finding in grant.examine(settings, tenant, utc_now(), mailbox).findings:
            yield tenant.slug, finding


def credential_ends(settings: Settings) -> Iterator[Finding]:
    """Only what is wrong with our own certificate, which can be seen without asking anybody."""
    return (finding for finding in grant.credential(settings, utc_now()) if not finding.well)
