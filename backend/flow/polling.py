"""Polling: what is new in the mailboxes at the provider that reports are sent to?

Each look lists what came since the last one and some time before it, leaves out what was read, and takes the oldest.
That a mail was read is committed together with what came of it; how far a mailbox is read, after that. What could not
be had or taken in is put aside, and tried again by its id: it holds up no other. Nothing in the mailbox is changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from backend.domain.received_mail import MailRoute, Problem, read_route, read_said, said_by_tag, untagged
from backend.errors import StoreUnavailable
from backend.flow.claim import lease
from backend.flow.mail_intake import Received, opened, take_for
from backend.intake_mail.contents import Contents
from backend.intake_mail.headers import Sender, addressed_to, headers_of, refusal, sender_at, sender_of
from backend.services import Services
from backend.store import polled_mailboxes, tenants
from backend.store.polled_mailboxes import PolledMailbox
from backend.store.tenants import Tenant
from connectors.contract import Arrival, Mailboxes
from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TooLarge, TryLater
from model.message.headers import Headers

AT_ONCE = 50  # mails of one look; the next one goes on, and other mailboxes get theirs in between
OVERLAP = timedelta(hours=6)  # how late a mail may be shown, or moved into the inbox, and still be found
MOST_TRIES = 10  # of one mail, within 17 hours; then it is named among those that cannot be read

log = structlog.get_logger()


def poll_all(services: Services) -> int:
    """Wake somebody for each mailbox that policies name and nobody has in hand. Returns how many."""
    now = services.now()
    with services.database.begin() as tx:
        polled_mailboxes.follow_policies(tx, now)
        due = polled_mailboxes.due(tx, now)
    for mailbox_id in due:
        services.wake.mailbox(mailbox_id)
    return len(due)


def poll(services: Services, mailbox_id: int) -> int:
    """One look into one mailbox. Returns how many mails were read. Safe to run twice, or by two at once."""
    with services.database.begin() as tx:
        polled = polled_mailboxes.claim(tx, mailbox_id, services.now(), lease(services))
        if polled is None:
            return 0
        tenant = tenants.get(tx, polled.tenant_id)
        known = polled_mailboxes.known(tx, polled)
        aside = [Arrival(*one) for one in polled_mailboxes.aside(tx, polled, services.now(), AT_ONCE)]
    said = read_said(tenant.policy.intake.mailboxes.get(polled.mailbox, ""))
    if said is None:  # no policy names it any more
        return 0
    try:
        mailboxes = services.mailboxes(tenant.id)
        new = mailboxes.arrived(polled.mailbox, polled.reached_at - OVERLAP, known, AT_ONCE)
        failed = _Reading(services, tenant, polled, MailRoute(tenant.slug, *said), mailboxes).read(new, aside)
    except (ConnectorError, StoreUnavailable) as error:
        _put_off(services, polled, error)
        return 0
    _finish(services, polled, new, failed)
    if failed:
        raise failed[0]
    return len(new) + len(aside)


class _Reading:
    """One look: what of the mails that are new comes into the store?"""

    def __init__(
        self, services: Services, tenant: Tenant, polled: PolledMailbox, route: MailRoute, mailboxes: Mailboxes
    ) -> None:
        self._services = services
        self._tenant = tenant
        self._polled = polled
        self._route = route
        self._mailboxes = mailboxes

    def read(self, new: Sequence[Arrival], aside: Sequence[Arrival]) -> list[Exception]:
        """Each mail once, those that were put aside last. Returns what went wrong in a way that nobody foresaw.

        Where the provider fails, the look ends: at a new mail by raising, for it may fail at all others as well.
        """
        failed: list[Exception] = []
        for arrival in (*new, *aside):
            try:
                self._read(arrival)
            except (ConnectorError, StoreUnavailable):
                self._put_aside(arrival)
                if arrival in new:
                    raise
                break
            except Exception as error:  # noqa: BLE001 - the others are not kept waiting by it; raised by the caller
                log.error("mail stays unread", mailbox=self._polled.id, error=type(error).__name__)
                self._put_aside(arrival)
                failed.append(error)
        return failed

    def _read(self, arrival: Arrival) -> None:
        try:
            raw = self._mailboxes.fetch(self._polled.mailbox, arrival.id)
        except NotFound:  # deleted since it was listed
            self._leave(arrival, "gone")
        except TooLarge:
            self._take(arrival, self._unread(arrival, Problem.TOO_LARGE), self._route)
        except (NotPermitted, NoMailbox):
            raise
        except Refused:
            self._take(arrival, self._unread(arrival, Problem.UNREADABLE), self._route)
        else:
            self._weigh(arrival, raw)

    def _weigh(self, arrival: Arrival, raw: bytes) -> None:
        headers = headers_of(raw)
        if why := refusal(headers, self._services.settings.receive_domain):
            self._leave(arrival, why)
            return
        said = said_by_tag(self._polled.mailbox, addressed_to(headers)) or self._route.disposition
        received = opened(self._services, raw, arrival.at, self._is_ours, self._prove)
        self._take(arrival, received, replace(self._route, disposition=said))

    def _unread(self, arrival: Arrival, problem: Problem) -> Received:
        """What is known of a mail whose bytes are not: that it came. It lies in the mailbox still."""
        name = sha256(arrival.id.encode()).hexdigest()
        return Received(name, b"", Sender("", proven=False), Contents((), problem=problem), True, arrival.at)

    def _take(self, arrival: Arrival, received: Received, route: MailRoute) -> None:
        note = self._remember(arrival)
        take_for(self._services, self._tenant, route, self._polled.mailbox, received, note)

    def _leave(self, arrival: Arrival, why: str) -> None:
        log.warning("mail left alone", mailbox=self._polled.id, why=why)
        with self._services.database.begin() as tx:
            self._remember(arrival)(tx)

    def _put_aside(self, arrival: Arrival) -> None:
        with self._services.database.begin() as tx:
            tries = polled_mailboxes.put_aside(tx, self._polled, arrival.id, arrival.at, self._services.now())
        if tries >= MOST_TRIES:
            self._take(arrival, self._unread(arrival, Problem.UNREADABLE), self._route)

    def _remember(self, arrival: Arrival) -> Callable[[Connection], bool]:
        return lambda tx: polled_mailboxes.remember(tx, self._polled, arrival.id, arrival.at)

    def _prove(self, headers: Headers) -> Sender:
        name = self._mailboxes.authserv_id
        gateway = self._tenant.policy.senders.authserv_ids
        return sender_at(headers, name) if name else sender_of(headers, gateway)

    def _is_ours(self, address: str) -> bool:
        ours = self._tenant.policy.intake.mailboxes
        return untagged(address)[0] in ours or read_route(address, self._services.settings.receive_domain) is not None


def _finish(services: Services, polled: PolledMailbox, new: Sequence[Arrival], failed: Sequence[Exception]) -> None:
    """It is read up to the last mail, but not into a future that a clock made up."""
    now, behind = services.now(), len(new) >= AT_ONCE
    reached = min(now, new[-1].at) if new else polled.reached_at
    problem = f"{len(failed)} of its mails cannot be taken in ({type(failed[0]).__name__})" if failed else ""
    with services.database.begin() as tx:
        if not problem and polled_mailboxes.has_aside(tx, polled):
            problem = polled.problem  # nobody has tried them again
        polled_mailboxes.finish(tx, polled, reached, OVERLAP, now, behind=behind, problem=problem)
    if new:
        log.info("mailbox read", mailbox=polled.id, tenant=polled.tenant_id, mails=len(new), failed=len(failed))
    if behind:
        services.wake.mailbox(polled.id)


def _put_off(services: Services, polled: PolledMailbox, error: ConnectorError | StoreUnavailable) -> None:
    """Tried again by the next sweep, or when the provider wishes."""
    wished = error.after_seconds if isinstance(error, TryLater) else 0
    with services.database.begin() as tx:
        polled_mailboxes.fail(tx, polled, str(error), services.now() + timedelta(seconds=wished))
    log.warning("mailbox unread", mailbox=polled.id, tenant=polled.tenant_id, error=type(error).__name__)
