"""Inboxes: what comes into mailboxes in Maildirs that are read, and what the store knows of it afterwards."""

import os
from datetime import timedelta
from pathlib import Path

from builders import GATEWAY, World
from polled import SOCBOX
from reports_by_mail import SOC, report
from sqlalchemy import select
from stamped import results_of

from backend.store import polled_mailboxes, received_mails, submissions
from backend.store.tables import polled_mails
from backend.store.tables import received_mails as rows
from connectors.contract import Copy
from connectors.maildir.deliver import deliver


def came(world: World, mail, mailbox: str = SOCBOX, hours: float = 0, folder: str = "") -> Copy:
    """A mail that came into a mailbox so many hours ago."""
    copy = deliver(world.mail, mailbox, mail if isinstance(mail, bytes) else mail.as_bytes(), folder)
    moment = (world.services.now() - timedelta(hours=hours)).timestamp()
    os.utime(path_of(world, copy), (moment, moment))
    return copy


def path_of(world: World, copy: Copy) -> Path:
    (path,) = [one for one in (world.mail / copy.mailbox).rglob(f"{copy.id}*") if one.is_file()]
    return path


def proven(*attached: bytes, sender: str = SOC, **more):
    return report(*attached, sender=sender, results=f"{GATEWAY}; {results_of(sender, 'pass')}", **more)


def reported(world: World):
    with world.services.database.read() as tx:
        return submissions.of_tenant(tx, world.tenant_id, 200)[::-1]


def received(world: World):
    with world.services.database.read() as tx:
        ids = tx.scalars(select(rows.c.id).where(rows.c.tenant_id == world.tenant_id).order_by(rows.c.id)).all()
        return [received_mails.get(tx, world.tenant_id, number) for number in ids]


def states(world: World):
    with world.services.database.read() as tx:
        return {one.mailbox: one for one in polled_mailboxes.of_tenant(tx, world.tenant_id)}


def remembered(world: World) -> int:
    with world.services.database.read() as tx:
        return len(tx.execute(select(polled_mails.c.id)).all())
