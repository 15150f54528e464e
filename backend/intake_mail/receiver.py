"""Receiver: which mail is taken from whom? SMTP or LMTP, and 250 only for what is on disk."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend import whence
from backend.domain.received_mail import read_route
from backend.errors import StoreUnavailable
from backend.intake_mail import spool
from backend.intake_mail.headers import headers_of, refusal, sender_of
from backend.intake_mail.pace import Pace
from backend.intake_mail.spool import Spool
from backend.settings import Settings
from model.message.headers import Headers

MOST_RECIPIENTS = 100  # of one mail
LONGEST_LINE = 65_536  # of a mail; programs write longer ones than they should, and a report must not fail for it
IDLE_SECONDS = 60.0
BESIDE_MAILS = 1_000_000  # bytes of a mail that are not what it brings
AS_TEXT = 4 / 3 * 1.03  # how much longer an attached mail is as base64

log = structlog.get_logger()


@dataclass(frozen=True)
class House:
    """What the receiver may use. `knows_tenant` may raise StoreUnavailable; `arrived` is called for each mail kept."""

    settings: Settings
    spool: Spool
    knows_tenant: Callable[[str], bool]
    arrived: Callable[[], None]
    now: Callable[[], datetime]


class Door:
    """Says yes or no to connections, senders, recipients and mails. One for all connections of a process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._relays = [ip_network(one, strict=False) for one in house.settings.receive_relays]
        self._pace = Pace(house.settings.receive_per_minute)
        self._unproven, self._counting = Pace(house.settings.receive_unproven_per_minute), Lock()
        self._open = 0
        self._keeping = 0

    @property
    def busy(self) -> bool:
        """Whether a mail is just being kept."""
        return self._keeping > 0

    def enter(self, peer: str) -> str:
        """Why nobody is let in from there, now; empty when the connection counts from here on."""
        if not any(ip_address(peer) in network for network in self._relays):
            log.warning("connection refused", peer=peer)
            return "554 5.7.1 Only relays of ours may connect"
        if self._open >= self._house.settings.receive_connections:
            return "421 4.7.0 Too many connections, try again later"
        self._open += 1
        return ""

    def leave(self) -> None:
        """A connection that was let in has ended."""
        self._open -= 1

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds it by this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender, as often as this relay may."""
        peer = peer_of(session.peer)
        if not self._pace.takes(whence.household(peer)):
            log.warning("sent too much", peer=peer)
            return "451 4.7.1 Too many mails in a minute, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only addresses of ours, and no bounces: from these addresses nothing is ever sent."""
        if not (envelope.mail_from or "").strip('<>"'):
            return "550 5.7.1 This address sends nothing, so it takes no bounces"
        route = read_route(address, self._house.settings.receive_domain)
        if route is None:
            return "550 5.7.1 Mail is not relayed here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await asyncio.to_thread(self._house.knows_tenant, route.tenant)
        except StoreUnavailable:
            return "451 4.3.0 Try again later"
        if not known:
            return "550 5.1.1 There is nobody of this name here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail itself: on disk before the answer, or not taken."""
        raw = envelope.original_content or b""
        recipients = tuple(dict.fromkeys(envelope.rcpt_tos))
        self._keeping += 1
        try:
            answer = await asyncio.to_thread(self._keep, envelope.mail_from or "", recipients, raw, session)
        finally:
            self._keeping -= 1
        # LMTP has an answer for each recipient; all of one mail are kept together.
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if isinstance(server, LMTP) else answer

    def _keep(self, sender: str, recipients: tuple[str, ...], raw: bytes, session: Session) -> str:
        peer = peer_of(session.peer)
        headers = headers_of(raw)
        if why := refusal(headers, self._house.settings.receive_domain):
            log.warning("mail refused", peer=peer, why=why)
            return f"554 {why}"
        if self._is_too_much(headers, recipients):
            log.warning("too much of strangers", peer=peer)
            return "451 4.7.1 Too many mails of senders whom nobody proves, try again later"
        try:
            name = self._house.spool.keep(spool.Envelope(sender, recipients, self._house.now().isoformat()), raw)
        except StoreUnavailable as error:
            log.error("mail not kept", peer=peer, why=str(error))
            return "451 4.3.0 It cannot be kept now, try again later"
        self._house.arrived()
        log.info("mail kept", mail=name[:12], peer=peer, size=len(raw), recipients=len(recipients))
        return f"250 2.0.0 Kept as {name[:12]}"

    def _is_too_much(self, headers: Headers, recipients: tuple[str, ...]) -> bool:
        """Anybody may write to these addresses: whoever floods them must not keep a tenant's own people waiting."""
        settings = self._house.settings
        if sender_of(headers, settings.receive_authserv_ids).proven:
            return False
        tenants = {route.tenant for one in recipients if (route := read_route(one, settings.receive_domain))}
        with self._counting:
            return not all(self._unproven.takes(tenant) for tenant in sorted(tenants))

    async def handle_exception(self, error: Exception) -> str:
        """Whatever went wrong, the mail was not kept: the relay holds it and tries again."""
        log.error("receiving failed", error=type(error).__name__)
        return "451 4.3.0 Try again later"


class _Guarded(SMTP):
    """SMTP that asks at the door before it says a word."""

    line_length_limit = LONGEST_LINE

    def __init__(self, door: Door, **options: Any) -> None:
        super().__init__(door, **options)
        self._door = door
        self._let_in = self._turned_away = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask once for each connection; it is made a second time when it goes on under TLS."""
        if not self._let_in:
            if why := self._door.enter(peer_of(transport.get_extra_info("peername"))):
                self._turned_away = True
                assert isinstance(transport, asyncio.WriteTransport)
                transport.write(f"{why}\r\n".encode())
                transport.close()
                return
            self._let_in = True
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """Nothing to end where nothing began."""
        return False if self._turned_away else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for the next."""
        if self._turned_away:
            return
        if self._let_in:
            self._let_in = False
            self._door.leave()
        super().connection_lost(error)


class _GuardedLmtp(_Guarded, LMTP):
    """The same for LMTP."""


async def listen(house: House, door: Door) -> asyncio.Server:
    """Open the port and take mail from then on. Raises OSError when it is taken, BadInput for a wrong certificate."""
    settings = house.settings
    options = {
        "data_size_limit": most_received(settings),
        "enable_SMTPUTF8": True,
        "hostname": settings.receive_domain,
        "ident": "Unhook",
        "tls_context": _tls(settings),
        "require_starttls": settings.receive_require_tls,
        "timeout": IDLE_SECONDS,
        "loop": asyncio.get_running_loop(),
    }
    kind = _GuardedLmtp if settings.receive_protocol == "lmtp" else _Guarded
    made = partial(kind, door, **options)
    return await asyncio.get_running_loop().create_server(made, settings.receive_host, settings.receive_port)


def most_received(settings: Settings) -> int:
    """Bytes of the largest mail that is taken: one that brings a mail of the largest size."""
    return int(settings.max_message_bytes * AS_TEXT) + BESIDE_MAILS


def peer_of(name: Any) -> str:
    """The other side's address; IPv4 as such also where it comes in over IPv6."""
    address = ip_address(str(name[0]).partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.receive_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.receive_certificate, settings.receive_key)
    return context
