"""Doctor for mailboxes that are read for reports: can each be looked into, and is it read?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from backend.services import utc_now
from backend.settings import Settings
from backend.store import polled_mailboxes, tenants
from backend.store.database import Database
from backend.store.polled_mailboxes import PolledMailbox
from backend.store.tenants import Tenant
from backend.wiring import connect
from connectors.errors import ConnectorError

LATE = timedelta(minutes=10)  # since somebody looked, or behind the mail that has come


def examine_polled(settings: Settings, database: Database) -> Iterator[tuple[str, bool]]:
    """A sentence for each mailbox that a policy names, and whether all is well with it. Each is looked into, now."""
    with database.read() as tx:
        known = [tenants.get(tx, number) for number in tenants.all_ids(tx)]
        rows = [one for tenant in known for one in polled_mailboxes.of_tenant(tx, tenant.id)]
    read = {(one.tenant_id, one.mailbox): one for one in rows}
    for tenant in known:
        for mailbox in tenant.policy.intake.mailboxes:
            trouble = _refused(settings, tenant, mailbox) or _late(read.get((tenant.id, mailbox)), utc_now())
            yield f"{tenant.slug}: {mailbox}: {trouble or 'is read for reports.'}", not trouble


def _refused(settings: Settings, tenant: Tenant, mailbox: str) -> str:
    try:
        connect(settings, tenant).arrived(mailbox, utc_now(), (), 1)
    except ConnectorError as error:
        return str(error)
    return ""


def _late(polled: PolledMailbox | None, now: datetime) -> str:
    if polled and polled.problem:
        return polled.problem
    if polled is None or polled.looked_at is None or now - polled.looked_at > LATE:
        return "Nobody has looked into it lately: is unhook work running?"
    if polled.behind and now - polled.reached_at > LATE:
        return f"It is read up to {int((now - polled.reached_at) / timedelta(minutes=1))} minutes ago, and goes on."
    return ""
