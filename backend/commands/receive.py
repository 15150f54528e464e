"""Receive: how does the process that takes mail start and stop?"""

import asyncio
import logging
import os
import signal
import ssl
import time

import click
import structlog

from backend.errors import BadInput
from backend.intake_mail.receiver import Door, House, listen
from backend.intake_mail.spool import spool_of
from backend.log import set_up
from backend.services import Services
from backend.settings import Settings, read_settings
from backend.store import tenants
from backend.wiring import build_services

WAKE_SECONDS = 0.5  # at most so often the workers are told that there is mail
REMEMBERED = 30.0  # seconds for which a tenant is known without asking
FINISH_SECONDS = 10.0  # for mails that are just being received when the process is told to stop

log = structlog.get_logger()


@click.command()
def command() -> None:
    """Receive mail at the addresses for reports, by SMTP or LMTP. Ctrl-C or SIGTERM end it; mail under way is kept."""
    settings = read_settings()
    set_up(settings.log_format)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd would write every address into the log
    if not settings.receive_domain:
        raise BadInput("Set UNHOOK_RECEIVE_DOMAIN to the domain that reports are mailed to (docs/mail-intake.md).")
    services = build_services(settings)
    try:
        asyncio.run(_Receiving(services).run())
    finally:
        services.database.close()


class _Receiving:
    """One process: its door, its wish to wake the workers, and its end."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tenants = Tenants(services)
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Take mail until told to stop."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        self._loop = loop
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
        settings = self._services.settings
        house = House(
            settings,
            spool_of(settings),
            self._tenants.knows,
            self._mail_arrived,
            self._services.now,
        )
        door = Door(house)
        server = await _listening(settings, house, door)
        waking = loop.create_task(self._wake())
        host, port = server.sockets[0].getsockname()[:2]
        click.echo(f"Unhook receives mail for {settings.receive_domain} on {host} port {port}", err=True)
        await told.wait()

        server.close()
        deadline = time.monotonic() + FINISH_SECONDS
        while door.busy and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        waking.cancel()
        if self._arrived.is_set():
            await asyncio.to_thread(self._services.wake.mail)

    def _mail_arrived(self) -> None:
        """Called by the threads that keep mail."""
        self._loop.call_soon_threadsafe(self._arrived.set)

    async def _wake(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await asyncio.to_thread(self._services.wake.mail)
            await asyncio.sleep(WAKE_SECONDS)


async def _listening(settings: Settings, house: House, door: Door) -> asyncio.Server:
    try:
        return await listen(house, door)
    except ssl.SSLError as error:
        raise BadInput(f"UNHOOK_RECEIVE_CERTIFICATE: not a certificate with its key ({error.reason})") from error
    except OSError as error:
        where = f"{settings.receive_host} port {settings.receive_port}"
        raise BadInput(f"cannot receive mail on {where}: {os.strerror(error.errno or 0)}") from error


class Tenants:
    """Which tenants there are, asked again after a while: a mail must not cost a question."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, float] = {}

    def knows(self, slug: str) -> bool:
        """Whether there is a tenant of this name. Raises StoreUnavailable."""
        if time.monotonic() - self._known.get(slug, float("-inf")) < REMEMBERED:
            return True
        with self._services.database.read() as tx:
            there = tenants.by_slug(tx, slug) is not None
        if there:
            self._known[slug] = time.monotonic()
        return there
