"""Outbound: who is told of what happens, in order, at least once, and not for ever?"""

import socket
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, NotAllowed, Unknown
from backend.outbound import send, signing, syslog
from backend.outbound.event import Event
from backend.outbound.send import Network, NotTaken
from backend.secret import secret_key
from backend.services import Services
from backend.store import audit, outbox, tenants
from backend.store.outbox import Delivery, Webhook

log = structlog.get_logger()

MOST_AT_ONCE = 200  # events of one turn; the next turn goes on
IN_ONE_REQUEST = 100  # lines of a SIEM feed, messages of a syslog connection
MOST_ATTEMPTS = 14  # of one event: about ten hours
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
LEASE = timedelta(minutes=10)
LONGEST_NAME = 100


def add(services: Services, operator: Operator, name: str, kind: str, address: str, events: Collection[str]) -> str:
    """A new place to send events to. Returns its secret, told this once. Raises NotAllowed, BadInput."""
    _may(operator)
    name = name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadInput("Give it a name.")
    send.checked(kind, address)
    with services.database.begin() as tx:
        if len(outbox.all_of(tx, operator.tenant_id)) >= outbox.MOST_WEBHOOKS:
            raise BadInput("There are %(most)s already: remove one first.", most=outbox.MOST_WEBHOOKS)
        made = outbox.add(tx, operator.tenant_id, name, kind, address, events, services.now())
        _note(services, tx, operator, "webhook added", made.id, kind=kind)
    return signing.secret_of(secret_key(services.settings), made.tenant_id, made.salt)


def remove(services: Services, operator: Operator, webhook_id: int) -> None:
    """Nothing is sent there any more. Raises NotAllowed, Unknown."""
    _may(operator)
    with services.database.begin() as tx:
        outbox.disable(tx, operator.tenant_id, webhook_id, services.now())
        _note(services, tx, operator, "webhook removed", webhook_id)


def send_again(services: Services, operator: Operator, webhook_id: int, since: datetime | None) -> int:
    """What was given up, or everything since then. Returns how much. Raises NotAllowed, Unknown."""
    _may(operator)
    with services.database.begin() as tx:
        webhook = outbox.get(tx, operator.tenant_id, webhook_id)
        if webhook is None:
            raise Unknown("There is no such webhook.")
        count = outbox.again(tx, operator.tenant_id, webhook_id)
        if since is not None:
            count += outbox.replay(tx, webhook, since, services.now())
        _note(services, tx, operator, "events sent again", webhook_id, events=count)
    return count


def deliver_due(services: Services) -> int:
    """Send what waits, wherever something does. Returns how many events were taken."""
    with services.database.read() as tx:
        places = outbox.due(tx, services.now())
    return sum(deliver(services, tenant_id, webhook_id) for tenant_id, webhook_id in places)


def deliver(services: Services, tenant_id: int, webhook_id: int) -> int:
    """Send what waits for one place, in order, until one is not taken. Safe to run twice, or by two workers at once.

    An event that was taken, but of which we could not write that down, is sent again: its id tells.
    """
    with services.database.begin() as tx:
        lease = outbox.claim(tx, tenant_id, webhook_id, services.now(), LEASE)
    if not lease:
        return 0
    taken, retry_at = 0, None
    try:
        with services.database.read() as tx:
            webhook = outbox.get(tx, tenant_id, webhook_id)
            slug = tenants.get(tx, tenant_id).slug
            waiting = outbox.oldest(tx, tenant_id, webhook_id, MOST_AT_ONCE)
        size = 1 if webhook is None or webhook.kind == "webhook" else IN_ONE_REQUEST
        for start in range(0, len(waiting), size):
            group = waiting[start : start + size]
            retry_at = _try(services, webhook, slug, group) if webhook else None
            if retry_at is not None:
                break
            taken += len(group)
    finally:
        with services.database.begin() as tx:
            outbox.release(tx, tenant_id, webhook_id, lease, retry_at)
    log.info("events sent", tenant=tenant_id, webhook=webhook_id, taken=taken)
    return taken


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries of one event."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _try(services: Services, webhook: Webhook, slug: str, group: list[Delivery]) -> datetime | None:
    """Send one event, or a few lines of a feed. None when it was taken or given up: go on; else when to try again."""
    now = services.now()
    try:
        _send(services, webhook, [_event(slug, one) for one in group])
    except NotTaken as refusal:
        attempts = group[0].attempts + 1
        given_up = attempts >= MOST_ATTEMPTS
        with services.database.begin() as tx:
            for one in group:
                outbox.failed(tx, webhook.tenant_id, one.id, str(refusal), now, given_up=given_up)
        log.warning("event not taken", webhook=webhook.id, attempt=attempts, given_up=given_up, why=str(refusal))
        return now + wait_after(attempts)
    with services.database.begin() as tx:
        outbox.sent(tx, webhook.tenant_id, [one.id for one in group], now)
    return None


def _send(services: Services, webhook: Webhook, events: list[Event]) -> None:
    network = Network(services.settings.outbound_allowed_networks, services.settings.ca_file)
    if webhook.kind == "syslog":
        host = socket.gethostname()
        send.write(webhook.address, [syslog.line(event, host) for event in events], network)
        return
    feed = webhook.kind == "siem"
    body = b"".join(event.body() + b"\n" for event in events) if feed else events[0].body()
    secret = signing.secret_of(secret_key(services.settings), webhook.tenant_id, webhook.salt)
    seconds = int(services.now().replace(tzinfo=UTC).timestamp())
    headers = [
        ("Content-Type", "application/x-ndjson" if feed else "application/json"),
        ("User-Agent", "Unhook"),
        ("Unhook-Id", str(events[0].id)),
        ("Unhook-Event", events[0].action),
        ("Unhook-Signature", signing.signature(secret, body, seconds)),
    ]
    send.post(webhook.address, body, headers, network)


def _event(slug: str, one: Delivery) -> Event:
    return Event(one.audit_id, slug, one.at, one.actor, one.action, one.subject, one.detail)


def _may(operator: Operator) -> None:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("Where events are sent is decided by owners and admins.")


def _note(services: Services, tx: Connection, operator: Operator, what: str, number: int, **more: object) -> None:
    who = Actor("operator", operator.id)
    audit.record(tx, operator.tenant_id, who, what, f"webhook:{number}", more, services.now())
