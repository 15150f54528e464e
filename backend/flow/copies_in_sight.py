"""Copies in sight: in how many places does a message lie where people see it? Nothing is touched."""

from collections.abc import Iterator
from itertools import islice

from backend.domain.listed import ListKind
from backend.services import Services
from backend.store import lists
from backend.store.messages import Message
from backend.store.tenants import Tenant
from connectors.contract import Copy, Mailboxes, Wanted
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message
from model.modules.patterns import compiled

_TOGETHER = 200  # copies that are read in one go


def copies_in_sight(services: Services, tenant: Tenant, message: Message) -> int:
    """Count those that would be taken, each proven by its fingerprint. Raises ConnectorError when mailboxes cannot be
    listed.

    A mailbox that cannot be searched now is left out: this is a preview, not a proof.
    """
    mailboxes = services.mailboxes(tenant.id)
    with services.database.read() as tx:
        exempt = compiled(lists.acting(tx, tenant.id, services.now()).of(ListKind.EXEMPT))
    candidates = (copy for copy in _candidates(mailboxes, message) if exempt.of_address(copy.mailbox) is None)
    seen = 0
    while page := list(islice(candidates, _TOGETHER)):
        for _copy, raw in mailboxes.fetch_many(page):
            seen += isinstance(raw, bytes) and is_message(raw, tenant, message)
    return seen


def _candidates(mailboxes: Mailboxes, message: Message) -> Iterator[Copy]:
    wanted = Wanted(message.internet_message_id, message.from_address, message.sent_at)
    for searched in mailboxes.search(wanted):
        yield from searched.copies


def is_message(raw: bytes, tenant: Tenant, message: Message) -> bool:
    """Whether these bytes are the message: their fingerprint says so, not their Message-ID."""
    return fingerprint(parse_message(raw, tenant.policy.senders.authserv_ids)) == message.fingerprint
